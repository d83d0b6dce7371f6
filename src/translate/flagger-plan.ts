import type { Ledger } from './ledger.ts';
import type { Located } from './source-document.ts';

const WEBHOOKS: Record<string, string> = {
  'confirm-rollout': 'let a person decide by onSuccess: Hold of the guard, which waits after the first step',
  'pre-rollout':
    'run acceptance tests before the release, in the pipeline, or let them push a metric that a template asks for',
  rollout: 'run the load generator beside the release, as a Deployment; what it checks can be a metric',
  'confirm-traffic-increase': 'onSuccess: Hold of the guard makes each step wait for a person',
  'confirm-promotion':
    'an analysis with steps: [the last one] and onSuccess: Hold makes the promotion wait for a person',
  'post-rollout': 'an AlertReceiver of type webhook is told when a release is completed',
  rollback: 'put the former template back into the workload, which is a rollback without steps',
  event: 'an AlertReceiver of type webhook is told what happens',
};

/** The traffic of the steps that a Canary goes through, such as `10%`. */
export function flaggerSteps(analysis: Located): string[] {
  const weights = analysis
    .at('stepWeights')
    .items()
    .flatMap((each) => each.text() ?? []);
  if (weights.length > 0) return weights.map((weight) => `${weight}%`);
  const step = Number(analysis.at('stepWeight').text() ?? 0);
  const most = Number(analysis.at('maxWeight').text() ?? 100);
  if (!(step > 0)) return [];
  const count = Math.ceil(most / step);
  return Array.from({ length: count }, (_, index) => `${Math.min(most, step * (index + 1))}%`);
}

/** Names what a Canary has beside its metrics, and where it belongs here. */
export function refuseGates(spec: Located, analysis: Located, ledger: Ledger): void {
  for (const webhook of analysis.at('webhooks').items()) {
    const type = webhook.at('type').text() ?? 'rollout';
    ledger.refused(webhook, `no webhook is called (${type}): ${WEBHOOKS[type] ?? 'the type is not known'}`);
  }
  for (const alert of analysis.at('alerts').items()) {
    ledger.refused(alert, 'create an AlertReceiver and name it in `alerts` of the guard');
  }
  for (const key of ['stepWeight', 'maxWeight', 'stepWeights'] as const) {
    if (analysis.at(key).isSet) ledger.changed(analysis.at(key), 'goes into the steps of the Rollout');
  }
  const others = {
    stepWeightPromotion:
      'after the last step, the rolling update of the workload takes the rest of the traffic along',
    match: 'goes into `matches` of the steps of the Rollout',
    mirror: 'requests are not mirrored',
    mirrorWeight: 'requests are not mirrored',
    sessionAffinity: 'sessions do not stick to a version',
    primaryReadyThreshold: 'all stable pods that a step needs must be ready',
    canaryReadyThreshold: 'all canary pods that a step needs must be ready',
  };
  for (const [key, why] of Object.entries(others)) {
    if (analysis.at(key).isSet) ledger.refused(analysis.at(key), why);
  }
  if (spec.at('skipAnalysis').value === true) {
    ledger.refused(
      spec.at('skipAnalysis'),
      'a Rollout without a guard skips the analysis: do not create the guard',
    );
  }
  if (spec.at('suspend').value === true) {
    ledger.refused(spec.at('suspend'), 'strategy.paused of the Rollout stops it where it is');
  }
  if (spec.at('autoscalerRef').isSet) {
    ledger.refused(
      spec.at('autoscalerRef'),
      'the autoscaler goes on scaling the workload, of which the canary is a part',
    );
  }
}
