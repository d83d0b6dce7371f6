// Applies the ClusterMetricSource `default`, again and again until the webhook that checks it is up.
import { readFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';

const { API_SERVER, TOKEN_FILE, METRIC_SOURCE } = process.env;
const path = '/apis/assay.dev/v1alpha1/clustermetricsources/default?fieldManager=helm&force=true';

async function apply() {
  try {
    const answer = await fetch(`${API_SERVER}${path}`, {
      method: 'PATCH',
      headers: {
        authorization: `Bearer ${(await readFile(TOKEN_FILE, 'utf8')).trim()}`,
        'content-type': 'application/apply-patch+yaml',
      },
      body: METRIC_SOURCE,
    });
    const { message } = await answer.json();
    return answer.ok ? 'done' : `${answer.status}: ${message}`;
  } catch (error) {
    return `${error.message}: ${error.cause?.message ?? ''}`;
  }
}

let answer = await apply();
while (answer !== 'done') {
  console.log(answer);
  await setTimeout(2_000);
  answer = await apply();
}
console.log('ClusterMetricSource default is there');
