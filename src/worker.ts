// `megatron-to-hf/worker`: running workers in a process of your own.
export {
  createWorkers,
  type WorkerRole,
  WORKER_ROLES,
  type Workers,
  type WorkersOptions,
} from './worker/create-workers.ts';
export { runWorker, type RunWorkerOptions } from './worker/run-worker.ts';
export { connectWorker, type WorkerConnection } from './worker/connect-worker.ts';
export { loadWorkerConfig, type WorkerConfig } from './config/worker-policy.ts';
