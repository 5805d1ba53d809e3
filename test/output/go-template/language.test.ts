import assert from 'node:assert/strict'
import { test } from 'node:test'
import { renderGoTemplate } from '../../../src/output/go-template.ts'

/** What the templates below are carried out on. */
const DATA = {
  one: 1,
  half: 0.5,
  big: 12345678,
  none: 0,
  word: 'hello',
  blank: '',
  odd: `<a href="x">it's</a> é😀`,
  yes: true,
  nothing: null,
  list: [3, 1, 2],
  names: ['b', 'a'],
  empty: [],
  map: { b: 2, a: 'x', nested: { k: 'v' } },
  items: [
    { name: 'n1', port: 80 },
    { name: 'n2', port: 443 },
  ],
}

function table(title: string, cases: readonly (readonly [template: string, expected: string])[]): void {
  test(title, () => {
    for (const [template, expected] of cases) {
      assert.deepEqual(renderGoTemplate(template, DATA), { text: expected }, template)
    }
  })
}

table('text outside of actions is printed as it stands', [
  ['', ''],
  ['plain { text } %d\n', 'plain { text } %d\n'],
  ['a{{"b"}}c', 'abc'],
])

table('trim markers take the space on their side away', [
  ['a  {{- "b" -}}  \n c', 'abc'],
  ['a {{"b" -}}\t c', 'a bc'],
  ['{{-1}}', '-1'],
  ['{{- 1 -}}', '1'],
])

table('comments print nothing', [
  ['a{{/* x }} y */}}b', 'ab'],
  ['a {{- /* x */ -}} b', 'ab'],
])

table('values print as Go prints them', [
  ['{{.one}} {{.half}} {{.word}} {{.yes}}', '1 0.5 hello true'],
  ['{{.list}} {{.names}} {{.empty}}', '[3 1 2] [b a] []'],
  ['{{.map}}', 'map[a:x b:2 nested:map[k:v]]'],
  ['{{.nope}} {{.nothing}} {{.nope.deeper.still}}', '<no value> <no value> <no value>'],
  ["{{1e6}} {{1.0}} {{0x1F}} {{017}} {{0b11}} {{1_000}} {{'a'}} {{.5}}", '1e+06 1 31 15 3 1000 97 0.5'],
  ['{{"a\\tb\\u00e9\\x41\\"" }}{{`raw\\n`}}', 'a\tbéA"raw\\n'],
])

table('fields are followed through maps, variables and parentheses', [
  ['{{.map.nested.k}}', 'v'],
  ['{{$m := .map}}{{$m.nested.k}}', 'v'],
  ['{{(index .items 1).name}}', 'n2'],
  ['{{$.map.b}}', '2'],
  ['{{.Map.Nested.K}}', 'v'],
])

table('if chooses: false, 0, nothing and what is empty do not count', [
  ['{{if .one}}yes{{else}}no{{end}}', 'yes'],
  ['{{if .none}}yes{{else}}no{{end}}', 'no'],
  ['{{if .blank}}yes{{end}}', ''],
  ['{{if .empty}}1{{else if .nope}}2{{else if .word}}3{{else}}4{{end}}', '3'],
  ['{{if 0.0}}yes{{else}}no{{end}}', 'no'],
  ['{{if $x := .word}}{{$x}}{{end}}', 'hello'],
])

table('with sets the dot', [
  ['{{with .map}}{{.b}}{{end}}', '2'],
  ['{{with .nope}}x{{else}}{{.one}}{{end}}', '1'],
  ['{{with .nope}}x{{else with .map}}{{.b}}{{end}}', '2'],
  ['{{with $m := .map}}{{$m.a}}{{.a}}{{end}}', 'xx'],
])

table('range goes through lists, maps by key, and numbers', [
  ['{{range .list}}{{.}},{{end}}', '3,1,2,'],
  ['{{range $i, $x := .names}}{{$i}}={{$x}} {{end}}', '0=b 1=a '],
  ['{{range $x := .names}}{{$x}}{{.}}{{end}}', 'bbaa'],
  ['{{range $k, $v := .map}}{{$k}}={{$v}};{{end}}', 'a=x;b=2;nested=map[k:v];'],
  ['{{range .empty}}x{{else}}none{{end}}', 'none'],
  ['{{range .nope}}x{{else}}none{{end}}', 'none'],
  ['{{range 3}}{{.}}{{end}}', '012'],
  ['{{range .items}}{{.name}}:{{.port}} {{end}}', 'n1:80 n2:443 '],
  ['{{range .items}}{{$.word}}{{end}}', 'hellohello'],
  ['{{range .list}}{{if eq . 1}}{{break}}{{end}}{{.}}{{end}}', '3'],
  ['{{range .list}}{{if eq . 1}}{{continue}}{{end}}{{.}}{{end}}', '32'],
])

table('variables are known where they are declared and inside, and can be assigned from within', [
  ['{{$x := 1}}{{if true}}{{$x = 2}}{{end}}{{$x}}', '2'],
  ['{{$x := 1}}{{if true}}{{$x := 2}}{{end}}{{$x}}', '1'],
  ['{{$x := 0}}{{range $x = .list}}{{end}}{{$x}}', '2'],
  ['{{$x := 1}}{{$x := printf "%d%d" $x $x}}{{$x}}', '11'],
])

table('templates are defined and called', [
  ['{{define "t"}}<{{.}}>{{end}}{{template "t" .one}}{{template "t"}}', '<1><<no value>>'],
  ['{{template "later" .word}}{{define "later"}}[{{.}}]{{end}}', '[hello]'],
  ['{{block "b" .map}}{{.a}}{{end}}{{template "b" .map}}', 'xx'],
  ['{{define "t"}}{{$}}{{end}}{{$x := 1}}{{template "t" $x}}', '1'],
])

table('pipelines hand a value on as the last argument', [
  ['{{.word | printf "%s-%s" "a"}}', 'a-hello'],
  ['{{.list | len}}', '3'],
  ['{{"a" | print | printf "%q"}}', '"a"'],
  ['{{(print 1 2) | printf "[%s]"}}', '[1 2]'],
])

table('and, or, not stop at the first value that decides', [
  ['{{and 1 0 2}} {{and 1 2}} {{or 0 "" 3 4}} {{or 0 ""}}.', '0 2 3 .'],
  ['{{not 0}} {{not .word}}', 'true false'],
  ['{{or .word (index .list 99)}} {{and .none (index .list 99)}}', 'hello 0'],
  ['{{2 | and 1}}', '2'],
])

table('comparisons', [
  ['{{eq .one 1}} {{eq .word "a" "hello"}} {{ne .one 2}}', 'true true true'],
  ['{{lt 1 2}}{{le 2 2}}{{gt 1 2}}{{ge 2 3}}', 'truetruefalsefalse'],
  ['{{lt "a" "b"}} {{gt .half 0}} {{eq 1 1.0}}', 'true true true'],
  ['{{eq .nope "x"}} {{eq .nope nil}} {{eq .yes true}}', 'false true true'],
])

table('len, index and slice; texts count in bytes', [
  ['{{len .list}} {{len .map}} {{len "é"}}', '3 3 2'],
  ['{{index .list 0}} {{index .map "a"}} {{index .map "nested" "k"}} {{index .items 1 "name"}} {{index "abc" 1}}', '3 x v n2 98'],
  ['{{index .map "nope"}}', '<no value>'],
  ['{{slice .list 1}} {{slice .list 1 2}} {{slice .word 1 3}} {{slice .word}}', '[1 2] [1] el hello'],
])

table('print, println', [
  ['{{print 1 2 "a" "b" 3 4}}', '1 2a b3 4'.replace('a b', 'ab')],
  ['{{println "a" 1}}', 'a 1\n'],
])

table('printf', [
  [
    '{{printf "%d %5d|%-5d|%05d|%+d|%x|%X|%o|%b|%c|%U|%q" 42 42 42 42 42 42 42 42 42 42 42 42}}',
    "42    42|42   |00042|+42|2a|2A|52|101010|*|U+002A|'*'",
  ],
  [
    '{{printf "%s|%8s|%-8s|%.2s|%q|%x|% x" "hello" "hello" "hello" "hello" "hel\\"lo" "hello" "hi"}}',
    'hello|   hello|hello   |he|"hel\\"lo"|68656c6c6f|68 69',
  ],
  [
    '{{printf "%f|%.2f|%8.3f|%e|%g|%g|%.3g|%v" 2.5 2.5 2.5 2.5 2.5 1e21 1234.5678 100000.0}}',
    '2.500000|2.50|   2.500|2.500000e+00|2.5|1e+21|1.23e+03|100000',
  ],
  ['{{printf "%.0f %.0f %.1f %.20f" 0.5 1.5 0.25 0.1}}', '0 2 0.2 0.10000000000000000555'],
  [
    '{{printf "%t %v %T %T %T %T %T" true .list .one .half .word .list .map}}',
    'true [3 1 2] int float64 string []interface {} map[string]interface {}',
  ],
  ['{{printf "%v %d%% %s" .map 5 .names}}', 'map[a:x b:2 nested:map[k:v]] 5% [b a]'],
  ['{{printf "%*d|%.*f|%[2]d %[1]d" 5 1 2 0.125 9}}', '    1|0.12|1 5'],
  ['{{printf "%d %s %z" "a" 1 1.5}}', '%!d(string=a) %!s(int=1) %!z(float64=1.5)'],
  ['{{printf "%d %d" 1}}|{{printf "%d" 1 2 "x"}}|{{printf "%"}}', '1 %!d(MISSING)|1%!(EXTRA int=2, string=x)|%!(NOVERB)'],
  ['{{printf "%#v %#v %#x" "a" .names 255}}', '"a" []interface {}{"b", "a"} 0xff'],
])

table('html, js and urlquery make text safe to stand somewhere else', [
  ['{{html .odd}}', '&lt;a href=&#34;x&#34;&gt;it&#39;s&lt;/a&gt; é😀'],
  ['{{js .odd}}', '\\u003Ca href\\u003D\\"x\\"\\u003Eit\\\'s\\u003C/a\\u003E é😀'],
  ['{{urlquery .odd}}', '%3Ca+href%3D%22x%22%3Eit%27s%3C%2Fa%3E+%C3%A9%F0%9F%98%80'],
  ['{{html 1 2}}', '1 2'],
])

table('join puts items together, or the sorted entries of a map', [
  ['{{join .list ","}} {{join .names " + "}} {{join .empty ","}}.', '3,1,2 b + a .'],
  ['{{join .map.nested ","}} {{join .nope ","}}.', 'k=v .'],
])

const REFUSED: readonly (readonly [template: string, problem: RegExp, help?: RegExp])[] = [
  ['{{', /^template:1:1: this action is not closed$/],
  ['a\n {{range .}}', /^template:2:2: unexpected end of the template: this {{range}} is not closed$/, /{{end}}/],
  ['{{end}}', /^template:1:1: there is nothing here that {{end}} could belong to$/],
  ['{{if}}x{{end}}', /a value is missing in if$/],
  ['{{nope .}}', /^template:1:3: there is no function "nope"$/],
  ['{{prnt .}}', /no function "prnt"$/, /did you mean print\?/],
  ['{{$x}}', /the variable \$x is not defined$/, /:=/],
  ['{{$x := $x}}', /the variable \$x is not defined$/],
  ['{{"a" | "b"}}', /only a function can stand after \|$/],
  ['{{.one .word}}', /\.one is not a function and takes no arguments$/],
  ['{{template "nope"}}', /there is no template "nope"$/],
  ['{{define "a"}}x{{end}}{{define "a"}}y{{end}}', /the template "a" is defined twice$/],
  ['{{break}}', /stands in no {{range}}$/],
  ['{{if 1}}{{else}}{{else}}{{end}}', /there is an {{else}} already$/],
  ['{{"a}}', /^template:1:3: this string is not closed$/],
  ['{{/* a }}', /this comment is not closed$/],
  ['{{1x}}', /bad number "1x"$/],
  ['{{(1}}', /expected \), found }}$/],
  ["{{'ab'}}", /'ab' is not one character$/, /"ab"/],
  ['{{len 1}}', /a value of type int has no length$/],
  ['{{index .list 3}}', /index out of range: 3$/],
  ['{{eq "a" 1}}', /cannot compare string with int$/],
  ['{{lt .nope 1}}', /have no order$/],
  ['{{len}}', /len takes 1 argument, not 0$/],
  ['{{range "a"}}{{end}}', /range cannot go through a$/],
  ['{{.word.x}}', /can't evaluate field x in a value of type string$/],
  ['{{call .word}}', /there is no function "call"$/],
  ['{{nil}}', /nil is not a command$/],
]

for (const [template, problem, help] of REFUSED) {
  test(`${JSON.stringify(template)} is refused: ${problem.source}`, () => {
    const result = renderGoTemplate(template, DATA)
    assert.ok('problem' in result, JSON.stringify(result))
    assert.match(result.problem.message, problem)
    if (help) assert.match(result.problem.help ?? '', help)
  })
}
