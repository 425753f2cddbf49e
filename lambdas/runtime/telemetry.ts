// Logs and metrics as CloudWatch reads them.
import { Logger } from '@aws-lambda-powertools/logger';
import { MetricUnit, Metrics } from '@aws-lambda-powertools/metrics';
import { METRICS, METRIC_NAMESPACE } from './metric-names.ts';
import type { Log, Meter } from './services.ts';

/**
 * Structured logs by Powertools. Events, headers and bodies are never logged, whatever the level: only what a caller
 * names.
 */
export function powertoolsLog(functionName: string, requestId: string): Log {
  const logger = new Logger({ serviceName: functionName });
  logger.appendKeys({ requestId });
  return {
    info: (message, fields = {}) => {
      logger.info(message, fields);
    },
    warn: (message, fields = {}) => {
      logger.warn(message, fields);
    },
    error: (message, fields = {}) => {
      logger.error(message, fields);
    },
  };
}

/** Metrics by Powertools, in the embedded format: written to the log, read there by CloudWatch. */
export function powertoolsMeter(service: string): Meter {
  const metrics = new Metrics({ namespace: METRIC_NAMESPACE, serviceName: service });
  return {
    count: (name, value, kind) => {
      if (kind === undefined) metrics.addMetric(name, MetricUnit.Count, value);
      else {
        const single = metrics.singleMetric();
        single.addDimension('kind', kind);
        single.addMetric(name, MetricUnit.Count, value);
      }
    },
    milliseconds: (name, value) => {
      metrics.addMetric(name, MetricUnit.Milliseconds, value);
    },
    flush: () => {
      metrics.publishStoredMetrics();
    },
  };
}

/** What the alarms learn of how an invocation ended. */
export interface Outcome {
  /** The function answered. */
  succeeded(): void;
  /** It threw; `raisesAlarm` where that is no mistake of the caller's. */
  failed(raisesAlarm: boolean): void;
}

/**
 * Counts how an invocation of a function ended.
 *
 * Lambda stamps its own count of errors with the invocation's start, so that ours have the same time: the alarm for
 * runs that broke off is the difference of both.
 *
 * @param kind `audit`, `issue` or `revoke`
 * @param startedAt milliseconds since 1970
 */
export function powertoolsOutcome(service: string, kind: string, startedAt: number): Outcome {
  const emit = (name: string, value: number, at?: number): void => {
    const metrics = new Metrics({ namespace: METRIC_NAMESPACE, serviceName: service });
    metrics.addDimension('kind', kind);
    if (at !== undefined) metrics.setTimestamp(at);
    metrics.addMetric(name, MetricUnit.Count, value);
    metrics.publishStoredMetrics();
  };
  return {
    succeeded: () => {
      emit(METRICS.errorsThrown, 0, startedAt);
    },
    failed: (raisesAlarm) => {
      emit(METRICS.errorsThrown, 1, startedAt);
      if (!raisesAlarm) return;
      emit(METRICS.failed, 1);
      if (kind !== 'audit') return;
      // Heard of, and no success: what the alarm for a missed night waits for.
      const ended = new Metrics({ namespace: METRIC_NAMESPACE, serviceName: service });
      ended.addMetric(METRICS.auditSucceeded, MetricUnit.Count, 0);
      ended.publishStoredMetrics();
    },
  };
}
