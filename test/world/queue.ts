import type { MeasureJob, MeasureResult } from '../../src/analysis/measure-job.ts';
import { type InProcessConfig, inProcessQueue } from '../../src/queue/in-process.ts';
import type { AlertJob, AlertTry, JobQueue } from '../../src/queue/port.ts';

type Listen<T> = (listener: (result: T) => Promise<void>) => Promise<() => Promise<void>>;

export interface QueueFaults {
  /** Whether this job is lost on its way. */
  losesJob(job: MeasureJob): boolean;
  /** How often a result is delivered. */
  deliveries(result: MeasureResult): number;
}

export interface WorldQueue {
  queue: JobQueue;
  serve(
    measure: (job: MeasureJob) => Promise<MeasureResult>,
    deliver: (job: AlertJob) => Promise<AlertTry>,
  ): void;
  /** Everything in it is gone, as after FLUSHALL; who listens and who works stay. */
  flush(): void;
}

/** The in-process queue with what can befall a real one between controller and worker. */
export function worldQueue(config: InProcessConfig, faults: QueueFaults): WorldQueue {
  let present = inProcessQueue(config);
  let reconnect: (() => void)[] = [];

  function listen<T>(of: (queue: JobQueue) => Listen<T>): Listen<T> {
    return async (listener) => {
      let stop = of(present.queue)(listener);
      const again = () => {
        stop = of(present.queue)(listener);
      };
      reconnect.push(again);
      return async () => {
        reconnect = reconnect.filter((each) => each !== again);
        await (await stop)();
      };
    };
  }

  return {
    queue: {
      addMeasure: async (job) => (faults.losesJob(job) ? true : present.queue.addMeasure(job)),
      addAlert: (job) => present.queue.addAlert(job),
      onMeasured: (listener) =>
        listen<MeasureResult>((queue) => queue.onMeasured)(async (result) => {
          for (let time = faults.deliveries(result); time > 0; time--) await listener(result);
        }),
      onAlerted: listen((queue) => queue.onAlerted),
      depths: () => present.queue.depths(),
      close: () => present.queue.close(),
    },
    serve: (measure, deliver) => {
      const serve = () => {
        void present.workers.serveMeasures({ name: 'default', concurrency: 4 }, measure);
        void present.workers.serveAlerts(deliver);
      };
      reconnect.push(serve);
      serve();
    },
    flush: () => {
      void present.queue.close();
      present = inProcessQueue(config);
      for (const again of reconnect) again();
    },
  };
}
