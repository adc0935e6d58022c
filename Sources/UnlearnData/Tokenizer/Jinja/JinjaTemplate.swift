// The language of chat templates: Jinja as transformers sets it up, without what chat templates do not use.
// https://jinja.palletsprojects.com/en/stable/templates/

/// A template that has been read, ready to be rendered.
struct JinjaTemplate: Sendable {
    let nodes: [JinjaNode]

    init(_ source: String) throws(JinjaError) {
        var lexer = JinjaLexer(source)
        var parser = JinjaParser(try lexer.read())
        nodes = try parser.template()
    }

    /// - Parameter variables: what the template can name.
    func render(_ variables: [String: JinjaValue]) throws(JinjaError) -> [JinjaLetter] {
        var renderer = JinjaRenderer(variables)
        _ = try renderer.render(nodes)
        return renderer.output
    }
}

/// Why a template cannot be followed.
struct JinjaError: Error, Equatable {
    let line: Int
    let problem: String
}

/// A statement, or text between two.
struct JinjaNode: Sendable {
    let line: Int
    let kind: Kind

    indirect enum Kind: Sendable {
        case text(String)
        case output(JinjaExpression)
        case branches([(condition: JinjaExpression, body: [JinjaNode])], otherwise: [JinjaNode])
        case loop(
            targets: [String], over: JinjaExpression, condition: JinjaExpression?, body: [JinjaNode],
            otherwise: [JinjaNode])
        case set(targets: [String], JinjaExpression)
        case setMember(of: String, String, JinjaExpression)
        case setBlock(String, [JinjaNode])
        case macro(String, JinjaMacro)
        case stop
        case skip
    }
}

struct JinjaMacro: Sendable {
    let parameters: [(name: String, fallback: JinjaExpression?)]
    let body: [JinjaNode]
}

indirect enum JinjaExpression: Sendable {
    case literal(String)
    case integer(Int)
    case boolean(Bool)
    case none
    case name(String)
    case member(Self, String)
    case item(Self, Self)
    case slice(Self, start: Self?, end: Self?, step: Self?)
    case call(Self, JinjaArguments)
    case filter(Self, String, JinjaArguments)
    case test(Self, String, [Self])
    case not(Self)
    case negative(Self)
    case and(Self, Self)
    case or(Self, Self)
    case binary(Self, String, Self)
    case comparison(Self, [(symbol: String, operand: Self)])
    case conditional(Self, condition: Self, otherwise: Self?)
    case list([Self])
    case dictionary([(key: Self, value: Self)])
}

struct JinjaArguments: Sendable {
    var positional: [JinjaExpression] = []
    var named: [(name: String, value: JinjaExpression)] = []
}

/// A character, and where it comes from. Characters are equal if they read the same.
struct JinjaLetter: Sendable, Equatable {
    var scalar: Unicode.Scalar
    var source: SourcedText.Source

    static func == (left: Self, right: Self) -> Bool { left.scalar == right.scalar }

    /// What Python's str.isspace() says.
    var isSpace: Bool { scalar.isPythonSpace }
}

extension Unicode.Scalar {
    var isPythonSpace: Bool { properties.isWhitespace || ("\u{1C}"..."\u{1F}").contains(self) }
}

extension [JinjaLetter] {
    init(_ text: String, _ source: SourcedText.Source = .template) {
        self = text.unicodeScalars.map { JinjaLetter(scalar: $0, source: source) }
    }

    var string: String {
        var scalars = String.UnicodeScalarView()
        scalars.append(contentsOf: lazy.map(\.scalar))
        return String(scalars)
    }
}

enum JinjaValue {
    case undefined(String)
    case none
    case boolean(Bool)
    case integer(Int)
    case text([JinjaLetter])
    case list([JinjaValue])
    case dictionary([(key: String, value: JinjaValue)])
    case namespace(JinjaNamespace)
    case macro(JinjaMacro)
    /// A function of the language, by name.
    case function(String)

    static func text(_ string: String) -> JinjaValue { .text([JinjaLetter](string)) }

    /// Python's bool().
    var isTrue: Bool {
        switch self {
        case .undefined, .none: false
        case .boolean(let value): value
        case .integer(let value): value != 0
        case .text(let letters): !letters.isEmpty
        case .list(let values): !values.isEmpty
        case .dictionary(let members): !members.isEmpty
        case .namespace, .macro, .function: true
        }
    }

    /// What it is called in a sentence.
    var kind: String {
        switch self {
        case .undefined(let name): "'\(name)', which is not defined,"
        case .none: "none"
        case .boolean: "a truth value"
        case .integer: "a number"
        case .text: "a text"
        case .list: "a list"
        case .dictionary: "a mapping"
        case .namespace: "a namespace"
        case .macro, .function: "a function"
        }
    }

    func equals(_ other: JinjaValue) -> Bool {
        switch (self, other) {
        case (.undefined, .undefined), (.none, .none): true
        case (.text(let left), .text(let right)): left == right
        case (.list(let left), .list(let right)):
            left.count == right.count && zip(left, right).allSatisfy { $0.equals($1) }
        case (.dictionary(let left), .dictionary(let right)):
            left.count == right.count
                && left.allSatisfy { member in
                    right.contains { $0.key == member.key && $0.value.equals(member.value) }
                }
        case (.namespace(let left), .namespace(let right)): left === right
        default: number != nil && number == other.number
        }
    }

    /// How much work it is to go through it.
    var count: Int {
        switch self {
        case .text(let letters): letters.count
        case .list(let values): values.count
        case .dictionary(let members): members.count
        case .namespace(let namespace): namespace.members.count
        default: 1
        }
    }

    /// In Python true is 1.
    var number: Int? {
        switch self {
        case .integer(let value): value
        case .boolean(let value): value ? 1 : 0
        default: nil
        }
    }
}

/// What outlives the loop that it is changed in.
final class JinjaNamespace {
    var members: [(key: String, value: JinjaValue)]
    init(_ members: [(key: String, value: JinjaValue)]) { self.members = members }
}
