import { resources } from '../../src/api/resource.ts';
import { concernedDeployment, deploymentPass } from '../../src/controller/deployment-loop.ts';
import { freshest } from '../../src/controller/freshest.ts';
import { workQueue } from '../../src/controller/work-queue.ts';
import { deployment } from '../builders/deployment.ts';
import { rollout } from '../builders/rollout.ts';
import { runDeployments } from '../world/deployments.ts';
import { styleContract } from './style.contract.ts';
import type { RunControllers } from './style-world.ts';

/** Kubernetes' own controllers, and beside them the loop that scales ReplicaSets by the annotation. */
const run: RunControllers = (options) => {
  const { cluster, stores, clock } = options;
  const cache = freshest(cluster, stores, (_resource, raw) => raw, clock);
  const onError = (_key: string, error: unknown) => {
    throw error;
  };
  const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
  const queue = workQueue({ clock, concurrency: 1, onError }, deploymentPass({ cache, log }));
  const stopDeployments = runDeployments(options);
  const unsubscribe = [resources.deployment, resources.replicaSet].map((resource) =>
    stores.of(resource).subscribe(({ before, after }) => {
      const object = after ?? before;
      const key = object && concernedDeployment(object, cache);
      if (key !== undefined) queue.add(key);
    }),
  );
  return () => {
    for (const stop of unsubscribe) stop();
    void queue.stop();
    stopDeployments();
  };
};

const { status: _status, ...authored } = deployment({ replicas: 4 });
const plain = rollout();
const inPartition = {
  ...plain,
  spec: {
    ...plain.spec,
    strategy: { canary: { ...plain.spec.strategy.canary, enableExtraWorkloadForCanary: false } },
  },
};

/** What Kubernetes sets where nothing is said; more pods first; fewer pods first. */
const settings = [
  { maxSurge: '25%', maxUnavailable: '25%', mayMiss: 1 },
  { maxSurge: 1, maxUnavailable: 0, mayMiss: 0 },
  { maxSurge: 0, maxUnavailable: 1, mayMiss: 1 },
];

for (const { mayMiss, ...rollingUpdate } of settings) {
  const { maxSurge, maxUnavailable } = rollingUpdate;
  styleContract(`a Deployment in partition style, surge ${maxSurge}, unavailable ${maxUnavailable}`, {
    rollout: inPartition as typeof plain,
    workload: {
      ...authored,
      spec: { ...authored.spec, strategy: { type: 'RollingUpdate', rollingUpdate } },
    } as typeof authored,
    run,
    size: 4,
    mayMiss,
  });
}
