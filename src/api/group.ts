/** The API group of Assay's own kinds. */
export const ASSAY_GROUP = 'assay.dev';

/** The API group of Kruise Rollouts, whose manifests Assay accepts. */
export const KRUISE_GROUP = 'rollouts.kruise.io';

/** How Assay names itself as a field manager and as the source of Events. */
export const ASSAY_NAME = 'assay';
