import { commandNames, loadCommand } from '../command.js';
import { loadMatchers } from '../matcher.js';
import { loadReport, reportNames } from '../report.js';
import { loadResources } from '../resource.js';
import type { Page } from './page.js';
import { composeSpecPages } from './spec-pages.js';
import { composeToolPages } from './tool-pages.js';

/** All pages, of every instance there is. */
export async function loadPages(): Promise<readonly Page[]> {
  const [resources, matchers, commands, reports] = await Promise.all([
    loadResources(),
    loadMatchers(),
    Promise.all(commandNames().map(loadCommand)),
    Promise.all(reportNames().map((name) => loadReport(name))),
  ]);
  return [...composeSpecPages(resources, matchers), ...composeToolPages(commands, reports)];
}
