import { buildApp } from '../lib/auditor-app.ts';

buildApp(Date.now()).app.synth();
