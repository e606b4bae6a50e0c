/** What an event says, read once at the door. */

/** An alarm's change of state. The alarm's description names its service. */
export function signalOf(event) {
  const { alarmName, state, configuration } = event.detail;
  const { cluster, service } = JSON.parse(configuration.description);
  const { metric, stat } = configuration.metrics[0].metricStat;
  return {
    event: event.id,
    alarm: alarmName,
    arn: event.resources[0],
    state: state.value,
    reason: state.reason,
    cluster,
    service,
    // As the ledger's keys name it, and as people do.
    key: `${event.account}/${event.region}/${cluster}/${service}`,
    called: `${cluster}/${service}`,
    metric: { ...metric, stat },
  };
}
