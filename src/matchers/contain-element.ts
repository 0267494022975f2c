import { elementsOf, wordElement } from '../elements.js';
import { judge, missing, phraseInside, toExpectation } from '../expectation.js';
import { elementForm, elementTypes, type Matcher } from '../matcher.js';

const containElement: Matcher = {
  name: 'contain-element',
  summary: 'Some element of the list, or some line of the text, is as said',
  example: { 'contain-element': { 'have-prefix': '10.' } },
  types: elementTypes,
  argument: 'element',
  phrase: (argument, context) => {
    const expectation = toExpectation(argument);
    return `${wordElement(context.type)} ${phraseInside(expectation, elementForm(context), context)}`;
  },
  apply: (actual, argument, context) => {
    const { elements, form } = elementsOf(actual, context);
    if (!elements) return missing(() => `${context.show(actual)}, which has no elements`);
    const matches = elements.map((element) => context.match(element, form, toExpectation(argument)));
    const passed = matches.find(({ verdict }) => verdict === 'passed');
    if (passed) return judge(true, () => passed.found);
    const [first] = matches;
    if (first && matches.every(({ verdict }) => verdict === 'missing')) return missing(() => first.found);
    const unknown = matches.some(({ verdict }) => verdict === 'unknown');
    return {
      verdict: unknown ? 'unknown' : 'failed',
      found: () => (elements.length === 0 ? 'no elements' : context.show(actual)),
    };
  },
};

export default containElement;
