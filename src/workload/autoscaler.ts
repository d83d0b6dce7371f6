/** What an autoscaler is pointed at while a blue-green release has turned it off: a name that nothing has. */
export function disabledTarget(workload: string): string {
  return `${workload}-DisableByRollout`;
}
