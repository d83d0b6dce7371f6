import { Option } from 'commander';

/** `--kubeconfig FILE`. The KUBECONFIG of the environment is not looked at: it may be somebody's production. */
export function kubeconfigOption(): Option {
  return new Option(
    '--kubeconfig <file>',
    'use this cluster in place of a control plane of its own; what is brought there is removed again',
  ).env('ASSAY_KUBECONFIG');
}

/** `--webhook-address IP`, for clusters whose API server cannot reach the loopback address of this machine. */
export function webhookAddressOption(): Option {
  return new Option(
    '--webhook-address <ip>',
    'address of this machine at which the API server reaches the admission webhooks (default: 127.0.0.1)',
  );
}
