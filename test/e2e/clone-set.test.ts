import { resources } from '../../src/api/resource.ts';
import { losslessRelease } from './lossless-release.ts';
import { LABELS } from './release-world.ts';

/** A CloneSet whose pods are exchanged for those of the new version, against a stand-in for OpenKruise's controller. */
losslessRelease({
  name: 'clone-set',
  resource: resources.cloneSet,
  spec: (template, replicas) => ({
    replicas,
    selector: { matchLabels: LABELS },
    // The author's own partition comes back after each release.
    updateStrategy: { type: 'ReCreate', partition: '10%', maxSurge: 1, maxUnavailable: 0 },
    template,
  }),
  strategy: (trafficRoutings) => ({
    canary: {
      steps: [
        { replicas: '34%', traffic: '20%', pause: {} },
        { replicas: '50%', traffic: '50%', pause: {} },
        { replicas: '100%', pause: {} },
      ],
      trafficRoutings,
    },
  }),
  prepare: (playground) => playground.startCloneSets(),
});
