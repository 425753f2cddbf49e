import { Logger } from '@aws-lambda-powertools/logger';
import { MetricUnit, Metrics } from '@aws-lambda-powertools/metrics';
import { METRIC_NAMESPACE } from './metric-names.ts';
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
