import { describe, expect, it } from 'vitest';
import { translatePattern } from '../src/shacl/xpath-pattern.ts';

describe('a regular expression of XPath', () => {
  it.each<[pattern: string, flags: string, matching: string[], others: string[]]>([
    [String.raw`^\w+$`, '', ['Ärger', 'naïve1', '€', '日本'], ['a b', 'a_b', 'a-b', '']],
    [String.raw`^\W$`, '', ['_', '-', ' '], ['a', '1', '€']],
    [String.raw`^\d+$`, '', ['123', '१२३'], ['1a', '²']],
    [String.raw`^\D$`, '', ['a', '²'], ['1', '१']],
    [String.raw`^a\sb$`, '', ['a b', 'a\tb', 'a\nb'], ['a\u00a0b', 'a\u2028b', 'a\vb']],
    [String.raw`^\S$`, '', ['\u00a0', '\u2028'], [' ', '\n']],
    ['^a.b$', '', ['a\u2028b', 'a\u0085b', 'a😀b'], ['a\nb', 'a\rb']],
    ['^a.b$', 's', ['a\nb', 'a\rb'], ['ab']],
    [String.raw`^\w\-\d$`, '', ['é-1'], ['é1']],
    [String.raw`^\i\c*$`, '', ['xs:int', '_a.b-c', 'é'], ['1a', '-a', 'a b']],
    [String.raw`^[\I\C]$`, '', ['1', ' '], ['a']],
    [String.raw`^\p{IsBasicLatin}+$`, '', ['abc'], ['é']],
    [String.raw`^\P{IsBasicLatin}+$`, '', ['éß'], ['a']],
    [String.raw`^\p{IsGreek}\p{IsLatin-1Supplement}$`, '', ['αé'], ['aé']],
    [String.raw`^[\p{Lu}\p{Nd}]+$`, '', ['ÄB1'], ['a']],
    [String.raw`^\p{Lu}$`, 'i', ['Ä'], ['ä']],
    ['^[a-z-[aeiou]]+$', '', ['xyz'], ['xaz']],
    [String.raw`^[\w-[\d-[5]]]+$`, '', ['a5'], ['a4']],
    ['^[^a-c-[x]]+$', '', ['def'], ['dax', 'dx']],
    ['^[A-Z-[IO]]$', 'i', ['a', 'B'], ['i', 'O', '1']],
    ['^[^q]$', 'i', ['a'], ['q', 'Q']],
    ['^straße σ k$', 'i', ['STRAẞE Σ K', 'Straße ς \u212a'], ['STRASSE Σ K']],
    ['^[a-]$', '', ['a', '-'], ['b']],
    ['^[+-]$', '', ['+', '-'], [',']],
    [String.raw`^[\w-.]+$`, '', ['a-b.c'], ['a b']],
    ['^[a-k-z]+$', '', ['c-z'], ['y']],
    ['^[a--[a]]$', '', ['-'], ['a']],
    ['^[$^]$', '', ['$', '^'], ['a']],
    ['^[&&||]$', '', ['&', '|'], ['a']],
    [String.raw`^\$\{\}\[\]\(\)\|\.\?\*\+\^\\$`, '', ['${}[]()|.?*+^\\'], ['']],
    ['^a b [ c]$', 'x', ['abc', 'ab '], ['a b c']],
    ['^a #b$', 'x', ['a#b'], ['a']],
    ['a.(b', 'q', ['xa.(by'], ['axb']],
    ['A.B', 'qi', ['a.b'], ['axb']],
    ['^b$', 'm', ['a\nb\nc', 'b\n'], ['a\rb\rc', 'a\u2028b']],
    ['^b$', '', ['b'], ['a\nb', 'b\n']],
    ['^$', 'm', ['', '\n', 'a\n\nb'], ['a\n', 'a\nb']],
    ['^(?:a|b)+?c{2}d{1,}e{0,2}$', '', ['abccd', 'accddee'], ['acd']],
    [String.raw`^(a|b)\1$`, '', ['aa', 'bb'], ['ab']],
    [String.raw`^(a)\11$`, '', ['aa1'], ['aa']],
    ['^x{0,5000}$', '', ['x'.repeat(5000)], ['x'.repeat(5001)]],
    ['^^(^a|b$)$', '', ['a', 'b'], ['ab']],
    ['', '', ['', 'a'], []],
    ['^(a||b)$', '', ['', 'a', 'b'], ['c']],
    ['^💩[💣-💰]$', '', ['💩💩'], ['💩💚']],
  ])('%s with the flags "%s"', (pattern, flags, matching, others) => {
    const expression = translatePattern(pattern, flags);
    expect(matching.filter((text) => !expression.test(text))).toEqual([]);
    expect(others.filter((text) => expression.test(text))).toEqual([]);
  });

  it.each<[pattern: string, flags: string, problem: RegExp]>([
    ['a(?=b)', '', /look-ahead.*character 3/],
    ['(?<n>a)', '', /named groups/],
    [String.raw`\bword\b`, '', /no escape \\b/],
    [String.raw`a\/b`, '', /no escape \\\//],
    [String.raw`\u0041`, '', /no escape \\u/],
    [String.raw`\p{Script=Greek}`, '', /not closed/],
    [String.raw`\p{Greek}`, '', /no category or block "Greek"/],
    [String.raw`\p{IsNowhere}`, '', /"IsNowhere"/],
    [String.raw`\pL`, '', /braces/],
    ['a\\', '', /backslash/],
    ['a**', '', /nothing to repeat/],
    ['^{.*}$', '', /backslash, or a count/],
    ['a{,3}', '', /needs a backslash/],
    ['a{3,2}', '', /wrong order/],
    ['[z-a]', '', /wrong order/],
    ['[a-\\d]', '', /not one character/],
    ['[--z]', '', /hyphen/],
    ['[]', '', /empty/],
    ['[^]', '', /empty/],
    ['[a', '', /not closed/],
    ['[a-[b]c]', '', /must end/],
    ['[[a]]', '', /backslash/],
    ['a]', '', /"]" needs a backslash/],
    ['(a', '', /not closed/],
    ['a)', '', /no "\("/],
    [String.raw`(a\1)`, '', /has not ended/],
    [String.raw`(a)\1`, 'i', /flag i/],
    ['a', 'ig', /no flag "g"/],
  ])('refuses %s', (pattern, flags, problem) => {
    expect(() => translatePattern(pattern, flags)).toThrow(problem);
  });

  it('refuses what is too large or too deep for the engine', () => {
    expect(() => translatePattern('('.repeat(10_000) + ')'.repeat(10_000), '')).toThrow(/too deeply/);
    expect(() => translatePattern('(a)'.repeat(40_000), '')).toThrow(/too large/);
  });
});
