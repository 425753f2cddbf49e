// The entry point of the CDK command line.
import { buildApp } from '../lib/auditor-app.ts';

buildApp(Date.now(), {}, process.env['CDK_DEFAULT_REGION']).app.synth();
