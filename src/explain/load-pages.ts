import { commandNames, loadCommand } from '../command.js';
import { loadLintRules } from '../lint-rule.js';
import { loadMatchers } from '../matcher.js';
import { loadReport, reportNames } from '../report.js';
import { loadResources } from '../resource.js';
import type { Page } from './page.js';
import { composeSpecPages } from './spec-pages.js';
import { composeToolPages } from './tool-pages.js';

/** All pages, of every instance there is. */
export async function loadPages(): Promise<readonly Page[]> {
  const [resources, matchers, commands, reports, rules] = await Promise.all([
    loadResources(),
    loadMatchers(),
    Promise.all(commandNames().map(loadCommand)),
    Promise.all(reportNames().map((name) => loadReport(name))),
    loadLintRules(),
  ]);
  return [...composeSpecPages(resources, matchers), ...composeToolPages({ commands, reports, rules })];
}
