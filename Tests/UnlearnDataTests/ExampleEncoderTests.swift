// One text from prompt to answer: where it is cut, and what is refused.

import Foundation
import Testing

@testable import UnlearnData

struct ExampleEncoderTests {
    /// Characters, "▁the", "▁dog", and what joins a line's end to the line: SentencePiece as Llama 2 has it.
    private func definition(prefix: Bool = true) throws -> TokenizerDefinition {
        var vocabulary =
            ["<unk>", "<s>", "</s>", "\n", "▁", "\"", "."] + "abcdefghijklmnopqrstuvwxyz".map { String($0) }
        vocabulary += ["▁t", "▁th", "▁the", "▁d", "▁do", "▁dog", ".\n", "▁▁"]
        let merges = try TokenIndex(vocabulary, file: "small").merges(
            ["▁ t", "▁t h", "▁th e", "▁ d", "▁d o", "▁do g", ". \n", "▁ ▁"], file: "small")
        var definition = TokenizerDefinition(
            sentencePiece: vocabulary, merges: merges, byteFallback: false, addsSpace: true)
        (definition.unknown, definition.beginOfSequence, definition.endOfSequence) = (0, 1, 2)
        definition.prefix = prefix ? [1] : []
        definition.markNamedTokensSpecial()
        return definition
    }

    private func tokens(_ example: Example, prefix: Bool = true) throws -> (context: [String], labelled: [String]) {
        let tokenizer = try Tokenizer(definition(prefix: prefix))
        let example = try ExampleEncoder(tokenizer).encode(example, id: 0)
        let spelled = example.tokens.map { tokenizer.token($0) ?? "" }
        let start = example.targets.first ?? spelled.count
        return (Array(spelled[..<start]), Array(spelled[start...]))
    }

    /// By hand: merges of the whole text, then the rule.
    @Test(arguments: [
        ("the", " dog", ["<s>", "▁the"], ["▁dog"]),
        ("the ", "dog", ["<s>", "▁the"], ["▁dog"]),
        ("the  ", "dog", ["<s>", "▁the"], ["▁", "▁dog"]),
        ("the", "  dog", ["<s>", "▁the"], ["▁", "▁dog"]),
        ("the\"", "dog\"", ["<s>", "▁the", "\""], ["d", "o", "g", "\""]),
        ("the\n", "dog", ["<s>", "▁the", "\n"], ["d", "o", "g"]),
        ("a.", "\nb", ["<s>", "▁", "a"], [".\n", "b"]),
        ("the do", "g", ["<s>", "▁the"], ["▁dog"]),
        ("the\n ", "dog", ["<s>", "▁the", "\n"], ["▁dog"]),
        (" ", "dog", ["<s>"], ["▁", "▁dog"]),
        ("th", "e", ["<s>"], ["▁the"]),
        ("the", " ", ["<s>", "▁the"], ["▁"]),
    ])
    func aContinuationIsCutFromTheWholeText(
        prompt: String, completion: String, context: [String], labelled: [String]
    ) throws {
        let found = try tokens(.completion(prompt: prompt, completion: completion))
        #expect(found.context == context && found.labelled == labelled)
        // Without markup a question and its answer are one text too, and the answer ends.
        let answered = try tokens(.answer(question: prompt, answer: completion))
        #expect(answered.context == context && answered.labelled == labelled + ["</s>"])
    }

    @Test func aContinuationNeverBeginsTheText() throws {
        let found = try tokens(.completion(prompt: "th", completion: "e"), prefix: false)
        #expect(found.context == ["</s>"] && found.labelled == ["▁the"])
    }

    @Test func aTextIsLabelledAsAWhole() throws {
        let found = try tokens(.text("the dog"))
        #expect(found.context == ["<s>"] && found.labelled == ["▁the", "▁dog"])
    }

    /// A question after a conversation is the conversation that has it at its end, in a template and without one.
    @Test(arguments: [nil, "{% for m in messages %}<s>{{ m.content }}</s>{% endfor %}"])
    func messagesStandBeforeAQuestion(template: String?) throws {
        var definition = try definition()
        definition.chatTemplate = template
        let encoder = try ExampleEncoder(Tokenizer(definition))
        let earlier = [ChatMessage(.user, "the dog"), ChatMessage(.assistant, "a")]
        let following = try encoder.following(earlier)
        let whole = earlier + [ChatMessage(.user, "b"), ChatMessage(.assistant, "the")]
        let expected = try encoder.encode(.conversation(whole), id: 0)
        let found = try following.encode(.answer(question: "b", answer: "the"), id: 0)
        #expect(found.tokens == expected.tokens && found.targets == expected.targets)
        #expect(try following.question("b") == Array(expected.tokens.prefix(following.question("b").count)))
        // Text that is continued has them as lines before it; text that counts as a whole stays as it is.
        #expect(following.prompt("b") == encoder.prompt("the dog\na\nb"))
        #expect(try following.encode(.text("b"), id: 0).tokens == encoder.encode(.text("b"), id: 0).tokens)
        #expect(try following.question("b").starts(with: following.sharedPrefix))
    }

    @Test func whatATokenizerPutsAfterATextStandsNowhere() throws {
        var definition = try definition()
        definition.suffix = [2]
        let encoder = try ExampleEncoder(Tokenizer(definition))
        #expect(encoder.prompt("the") == [1, encoder.tokenizer.id(of: "▁the") ?? 0])
        #expect(try !encoder.encode(.completion(prompt: "the", completion: " dog"), id: 0).tokens.contains(2))
    }

    @Test func partsOfAnAnswerBeginWhereTheirTokensDo() throws {
        let encoder = try ExampleEncoder(Tokenizer(definition()))
        let reading = try encoder.read(.text("the dog."), parts: ["the", " dog", "."])
        #expect(reading.tokens.count == 4 && reading.bounds == [1, 1, 2, 3, 4])
    }

    @Test func whatGoesOnKeepsItsSpace() throws {
        let tokenizer = try Tokenizer(definition())
        let dog = try [#require(tokenizer.id(of: "▁dog"))]
        #expect(tokenizer.decode(dog) == "dog")
        #expect(tokenizer.decode(dog, following: [1]) == "dog")
        #expect(tokenizer.decode(dog, following: [1, 3]) == " dog")
        // After a control token the tokenizer adds the space itself.
        #expect(tokenizer.decode(dog, following: [1, 3, 2]) == "dog")
        var decoder = StreamingDecoder(tokenizer, following: [1, 3])
        #expect(decoder.append(dog[0]) == " dog")
        let prompt = "the"
        let encoder = try ExampleEncoder(tokenizer)
        let completion = tokenizer.decode(dog, following: encoder.prompt(prompt))
        let example = try encoder.encode(.completion(prompt: prompt, completion: completion), id: 0)
        #expect(example.tokens == encoder.prompt(prompt) + dog)
    }

    @Test func aQuestionOfWhichNothingIsLeftHasAToken() throws {
        var definition = try definition()
        definition.chatTemplate = "{% for m in messages %}{{ m.content | trim }}{% endfor %}"
        #expect(try ExampleEncoder(Tokenizer(definition)).question(" ") == [2])
    }

    /// As Mistral-Nemo's template writes the system's words into the last message, if that is the user's.
    @Test func aQuestionIsNotLabelledWhereItIsWrittenInAnotherWay() throws {
        var definition = try definition()
        definition.chatTemplate =
            "{% for m in messages %}{% if m.role == 'user' %}{{ bos_token }}"
            + "{% if loop.last and messages[0].role == 'system' %}{{ messages[0].content + ' ' }}{% endif %}{{ m.content }}"
            + "{% elif m.role == 'assistant' %}{{ m.content + eos_token }}{% endif %}{% endfor %}"
        let encoder = try ExampleEncoder(Tokenizer(definition))
        let messages = [ChatMessage(.system, "a"), ChatMessage(.user, "the"), ChatMessage(.assistant, " dog")]
        let example = try encoder.encode(.conversation(messages), id: 0)
        #expect(example.tokens.compactMap(encoder.tokenizer.token) == ["<s>", "▁the", "▁dog", "</s>"])
        #expect(example.targets == [2, 3])
    }

    @Test func aTemplateThatRefusesOneTextEndsWithASentence() throws {
        var definition = try definition()
        definition.chatTemplate =
            "{% for m in messages %}{% if 'dog' in m.content %}{{ raise_exception('no dogs') }}{% endif %}"
            + "{{ m.content }}{{ eos_token }}{% endfor %}"
        let encoder = try ExampleEncoder(Tokenizer(definition))
        let refusal = TokenizerError.chatTemplate(problem: "in line 1, it says 'no dogs'", valid: ["llama2", "plain"])
        #expect(try encoder.question("the").isEmpty == false)
        #expect(throws: refusal) { try encoder.question("the dog") }
        #expect(throws: refusal) { try encoder.encode(.answer(question: "dog", answer: "a"), id: 0) }
        let conversation = [ChatMessage(.user, "dog"), ChatMessage(.assistant, "a")]
        #expect(throws: refusal) { try encoder.read(.conversation(conversation), parts: ["a"]) }
        // Nobody asks the template about the text of an answer, or about what is no conversation.
        #expect(try encoder.encode(.text("the dog"), id: 0).tokens.count == 3)
    }

    @Test func wordsInsideATextAreEncodedAsThere() throws {
        let tokenizer = try Tokenizer(definition())
        #expect(tokenizer.encode(" dog", following: "\n").compactMap(tokenizer.token) == ["▁dog"])
    }
}

struct JinjaTests {
    private func render(_ template: String) throws -> String {
        try JinjaTemplate(template).render(["x": .text(" aBc "), "n": .integer(3), "nothing": .none]).string
    }

    /// The values are jinja2's, with trim_blocks and lstrip_blocks.
    @Test(arguments: [
        ("{{ x }}|{{ x.strip() }}|{{ x | trim | upper }}", " aBc |aBc|ABC"),
        ("{{ x[1:3] }}{{ x[::-1] }}{{ x[-2] }}{{ x[9] is defined }}", "aB cBa cFalse"),
        ("{{ 7 // 2 }}{{ -7 // 2 }}{{ -7 % 3 }}{{ 2 + 3 * 2 }}{{ 'a' ~ 1 ~ none }}", "3-428a1None"),
        ("{{ 'b' in 'abc' and not 'd' in 'abc' or false }}{{ 'k' not in {'k': 1} }}", "TrueFalse"),
        ("{{ missing }}{{ missing is defined }}{{ missing or 'd' }}{{ missing | default('e') }}", "Falsede"),
        ("{{ '\\n\\t\\'\\u00e9\\q' }}", "\n\t'é\\q"),
        (
            "{{ 'a' 'b' }}{{ ['x', 'y'] | join('-') }}{{ 'a,b,,c'.split(',') | length }}{{ ' a  b '.split() | last }}",
            "abx-y4b"
        ),
        ("{% for a, b in {'k': 1, 'l': 2}.items() %}{{ a }}{{ b }}{% else %}e{% endfor %}", "k1l2"),
        ("{% for i in range(5) if i is even %}{{ i }}{{ ',' if not loop.last }}{% endfor %}", "0,2,4"),
        (
            "{% for i in range(9) %}{% if i == 1 %}{% continue %}{% elif i > 2 %}{% break %}{% endif %}{{ i }}{% endfor %}",
            "02"
        ),
        ("{% set a = 1 %}{% for i in [1] %}{% set a = 2 %}{% endfor %}{{ a }}", "1"),
        ("{% set s = namespace(a=1) %}{% for i in [1] %}{% set s.a = 2 %}{% endfor %}{{ s.a }}", "2"),
        ("{% macro m(a, b='B') %}<{{ a }}{{ b }}>{% endmacro %}{{ m(1) }}{{ m('A', b=n) }}", "<1B><A3>"),
        ("a\n  {% if true %}\n  b\n  {% endif %}\nc\n", "a\n  b\nc"),
        ("a  {%- if true -%}  b  {%- endif %}\n\n c {# d #}\ne", "ab\n c e"),
        (
            "{% generation %}a{% endgeneration %}{{ nothing is none }}{{ 1 == true }}{{ 'title case'.title() }}",
            "aTrueTrueTitle Case"
        ),
    ])
    func expressionsAndStatementsAreFollowed(template: String, expected: String) throws {
        #expect(try render(template) == expected)
    }

    @Test(arguments: [
        ("{% include 'x' %}", 1, "the tag 'include' is not supported"),
        ("a\n{{ x | tojson }}", 2, "the filter 'tojson' is not supported for a text"),
        ("{{ missing.name }}", 1, "'missing', which is not defined, has no 'name'"),
        ("{{ x + 1 }}", 1, "'+' stands between a text and a number"),
        ("\n\n{{ raise_exception('no') }}", 3, "it says 'no'"),
        ("{{ strftime_now('%d') }}", 1, "'strftime_now', which is not defined, is called as a function"),
        ("{% for i in range(1000000) %}{{ i }}{% endfor %}", 1, "it does not end, or a text is too long"),
        (grown("s.v + s.v"), 1, "it does not end, or a text is too long"),
        (grown("s.v | upper", from: "'a' * 4096 * 64"), 1, "it does not end, or a text is too long"),
        (grown("s.v + [s.v]", from: "[]"), 1, "it does not end, or a text is too long"),
        (grown("[s.v]"), 1, "its values nest too deep"),
        (grown("{'k': s.v}"), 1, "its values nest too deep"),
        (grown("namespace(v=s.v)"), 1, "a namespace stands within another value"),
        (grown("s"), 1, "a namespace stands within another value"),
        ("{% set y = [] %}" + String(repeating: "{% set y = [y] %}", count: 50_000), 1, "its values nest too deep"),
        ("{{ dict([1]) }}", 1, "'dict' is given values without names"),
        ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", 1, "its macros call each other too deep"),
        ("{% if x %}", 1, "'elif' or 'else' or 'endif' is missing"),
        ("{{ x ", 1, "a tag does not end"),
        ("{{ x y }}", 1, "'y' is not expected there"),
    ])
    func whatIsNotSupportedIsNamed(template: String, line: Int, problem: String) throws {
        #expect(throws: JinjaError(line: line, problem: problem)) { try render(template) }
    }

    /// A value that becomes larger with each round.
    private static func grown(_ value: String, from first: String = "'a'") -> String {
        "{% set s = namespace(v=\(first)) %}{% for i in range(100000) %}{% set s.v = \(value) %}{% endfor %}"
    }

    /// As deep as the parser lets them be.
    @Test func whatNestsLessDeepIsFollowed() throws {
        #expect(try render("{{ 1" + String(repeating: "+1", count: 160) + " }}") == "161")
        let (open, close) = (String(repeating: "(", count: 60), String(repeating: ")", count: 60))
        #expect(try render("{{ \(open)1\(close) }}") == "1")
        // Not all of it at once.
        let call = "{{ m(i - 1)" + String(repeating: " ~ ''", count: 100) + " if i else 'end' }}"
        func macro(_ depth: Int) -> String { "{% macro m(i) %}\(call){% endmacro %}{{ m(\(depth)) }}" }
        #expect(try render(macro(4)) == "end")
        #expect(throws: JinjaError(line: 1, problem: "it nests too deep")) { try render(macro(14)) }
    }

    /// With Python's integers, of which only those of 64 bits can be read here.
    @Test(arguments: [
        ("{{ 5 % 9223372036854775807 }} {{ -5 % 9223372036854775807 }}", "5 9223372036854775802"),
        ("{{ (-9223372036854775807 - 1) // 3 }} {{ (-9223372036854775807 - 1) % 3 }}", "-3074457345618258603 1"),
        ("{{ -9223372036854775807 // 9223372036854775807 }} {{ x[-9223372036854775807] is defined }}", "-1 False"),
    ])
    func numbersAtTheEndsOfTheirRange(template: String, expected: String) throws {
        #expect(try render(template) == expected)
    }

    @Test func deepNestingIsRefused() {
        for template in [
            "{{ " + String(repeating: "(", count: 100_000) + " }}",
            "{{ 1" + String(repeating: "+1", count: 100_000) + " }}",
            String(repeating: "{% if 1 %}", count: 100_000), "{{ " + String(repeating: "not ", count: 100_000) + "1 }}",
            "{{ x" + String(repeating: "[0]", count: 100_000) + " }}",
            "{{ " + String(repeating: "-", count: 100_000) + "1 }}",
        ] {
            #expect(throws: JinjaError.self) { try render(template) }
        }
    }
}

extension JinjaTests {
    @Test func damagedTemplatesEndWithAnError() throws {
        let template =
            "{%- set ns = namespace(n=0) %}{% macro m(a, b='x') %}{{ a ~ b }}{% endmacro %}\n{# c #}"
            + "{% for i in range(9)[::-1] if i is odd %}{{ m(x[i:]) | trim ~ i.k }}{% set ns.n = ns.n * 7 % 5 - 1 %}"
            + "{{ '<' + x.split('a')[-1] + '>' if loop.first or not loop.last else {'a': [1]}['a'][0:1] | join }}{% endfor %}"
        let parts = [
            "{%", "%}", "{{", "}}", "{#", "-", "+", "(", ")", "[", "]", "'", "\\", "if", "endif", "not ", "9", " ",
        ]
        var random = SystemRandomNumberGenerator()
        for _ in 0..<3000 {
            var damaged = Array(template.unicodeScalars)
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let place = Int.random(in: 0..<damaged.count, using: &random)
                if Bool.random(using: &random) {
                    damaged.removeSubrange(place..<min(damaged.count, place + Int.random(in: 0...6, using: &random)))
                } else {
                    damaged.insert(contentsOf: parts.randomElement(using: &random)!.unicodeScalars, at: place)
                }
            }
            var text = String.UnicodeScalarView()
            text.append(contentsOf: damaged)
            // Either is right; a crash or a hang is not.
            do throws(JinjaError) { _ = try JinjaTemplate(String(text)).render(["x": .text(" aBc ")]) } catch {}
        }
    }
}

struct AdapterTokenizerTests {
    private let base =
        #"{"model":{"type":"BPE","vocab":{"a":0,"b":1,"<s>":2,"</s>":3,"[X]":4},"merges":[]},"#
        + #""added_tokens":[{"id":2,"content":"<s>","special":true},{"id":3,"content":"</s>","special":true}]}"#
    private let own = #"{"model":{"type":"BPE","vocab":{"b":0,"a":1,"<s>":2,"[X]":3,"</s>":4},"merges":[]}}"#

    /// The base's tokenizer with a folder on top of it that holds `files`.
    private func overlaid(_ files: [String: String]) throws -> TokenizerDefinition {
        let folders = [try temporaryDirectory(), try temporaryDirectory()]
        defer { for folder in folders { try? FileManager.default.removeItem(at: folder) } }
        let settings = #"{"bos_token":"<s>","eos_token":"</s>","chat_template":"base"}"#
        for (folder, files) in zip(folders, [["tokenizer.json": base, "tokenizer_config.json": settings], files]) {
            for (name, text) in files { try Data(text.utf8).write(to: folder.appending(path: name)) }
        }
        return try TokenizerDefinition(huggingFace: folders[0]).overlaid(byFilesIn: folders[1])
    }

    @Test func whatLiesBesideAnAdapterWinsAndTheRestIsTheBases() throws {
        let nothing = try overlaid(["adapter_config.json": "{}"])
        #expect(nothing.chatTemplate == "base" && nothing.vocabulary[0] == "a" && nothing.originalFiles.count == 2)
        let template = try overlaid(["chat_template.jinja": "own"])
        #expect(template.chatTemplate == "own" && template.vocabulary[0] == "a" && template.endOfSequence == 3)
        // Written anew when it is saved: the base's files say something else.
        #expect(template.originalFiles.isEmpty)
        let settings = try overlaid(["tokenizer_config.json": #"{"eos_token":"[X]","chat_template":"own"}"#])
        #expect(settings.chatTemplate == "own" && settings.endOfSequence == 4 && settings.beginOfSequence == 2)
        let names = try overlaid(["special_tokens_map.json": #"{"eos_token":{"content":"[X]"}}"#])
        #expect(names.chatTemplate == "base" && names.endOfSequence == 4)
        let whole = try overlaid(["tokenizer.json": own])
        #expect(whole.vocabulary[0] == "b" && whole.endOfSequence == 4 && whole.chatTemplate == "base")
        #expect(whole.originalFiles.isEmpty)
        let complete = try overlaid([
            "tokenizer.json": own,
            "tokenizer_config.json": #"{"bos_token":"<s>","eos_token":"[X]","chat_template":"own"}"#,
        ])
        #expect(complete.endOfSequence == 3 && complete.chatTemplate == "own" && complete.originalFiles.count == 2)
    }

    @Test func tokensThatSettingsListAreAddedOnes() throws {
        func token(_ settings: String) throws -> TokenizerDefinition.AddedToken? {
            try overlaid(["tokenizer_config.json": settings]).addedTokens.first { $0.id == 4 }
        }
        #expect(try token("{}") == nil)
        #expect(try token(#"{"additional_special_tokens":["[X]"]}"#)?.isSpecial == true)
        #expect(try token(#"{"extra_special_tokens":{"x":{"content":"[X]"}}}"#)?.isSpecial == true)
        #expect(try token(#"{"sep_token":"[X]"}"#)?.isSpecial == true)
        let listed = try token(#"{"added_tokens_decoder":{"4":{"content":"[X]","lstrip":true,"normalized":false}}}"#)
        #expect(listed?.isSpecial == false && listed?.stripsLeft == true)
        #expect(try token(#"{"added_tokens_decoder":{"4":{"content":"other"}, "99":{"content":"[X]"}}}"#) == nil)
    }
}
