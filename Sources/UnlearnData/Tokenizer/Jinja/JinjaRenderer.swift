// Follows a template: what it writes, letter by letter with its source.

struct JinjaRenderer {
    var output: [JinjaLetter] = []
    /// The innermost last.
    var scopes: [[String: JinjaValue]]
    private var line = 1
    private var work = 0
    var macros = 0
    private var depth = 0

    /// A template is somebody else's program: it may not run for long, fill the memory, or recurse without end. What it
    /// does is counted in letters and items that it makes or looks through.
    private static let mostWork = 1 << 24
    private static let workOfAStep = 16
    static let mostItems = 1 << 20
    static let deepestMacro = 16
    private static let deepestValue = 32
    /// As deep as one expression in the innermost tag can go.
    private static let deepest = JinjaParser.deepest + JinjaParser.longestChain + JinjaParser.deepest

    /// How a sequence of nodes ended: a loop may be told to stop, or to skip to its next round.
    enum Flow { case on, stop, skip }

    init(_ variables: [String: JinjaValue]) { scopes = [variables, [:]] }

    func fail(_ problem: String) -> JinjaError { JinjaError(line: line, problem: problem) }

    mutating func count(_ work: Int) throws(JinjaError) {
        self.work += work
        guard self.work <= Self.mostWork else { throw fail("it does not end, or a text is too long") }
    }

    /// Counts what is in values that are gone through or were just made.
    mutating func count(in values: some Sequence<JinjaValue>) throws(JinjaError) {
        for value in values { try count(value.count) }
    }

    /// Counts a step that may lead to others within it.
    private mutating func nested<Value>(
        _ body: (inout Self) throws(JinjaError) -> Value
    ) throws(JinjaError) -> Value {
        try count(Self.workOfAStep)
        guard depth < Self.deepest else { throw fail("it nests too deep") }
        depth += 1
        defer { depth -= 1 }
        return try body(&self)
    }

    /// Counts a value with all that is within it, and refuses one that nests deeper than the stack allows.
    mutating func count(whole value: JinjaValue, depth: Int = 0) throws(JinjaError) {
        try count(1)
        guard depth < Self.deepestValue else { throw fail("its values nest too deep") }
        switch value {
        case .list(let items): for item in items { try count(whole: item, depth: depth + 1) }
        case .dictionary(let members): for member in members { try count(whole: member.value, depth: depth + 1) }
        case .text(let letters): try count(letters.count)
        case .namespace where depth > 0: throw fail("a namespace stands within another value")
        default: break
        }
    }

    func check(letters count: Int) throws(JinjaError) {
        guard count <= Self.mostWork else { throw fail("it writes more than \(Self.mostWork) characters") }
    }

    // MARK: Statements

    mutating func render(_ nodes: [JinjaNode]) throws(JinjaError) -> Flow {
        for node in nodes {
            line = node.line
            let flow = try nested { (it) throws(JinjaError) in try it.render(node.kind) }
            guard case .on = flow else { return flow }
        }
        return .on
    }

    private mutating func render(_ kind: JinjaNode.Kind) throws(JinjaError) -> Flow {
        switch kind {
        case .text(let text): try write([JinjaLetter](text))
        case .output(let expression): try write(try text(of: try value(expression)))
        case .branches(let branches, let otherwise):
            for (condition, body) in branches where try value(condition).isTrue { return try render(body) }
            return try render(otherwise)
        case .loop(let targets, let sequence, let condition, let body, let otherwise):
            return try loop(targets, try items(of: try value(sequence)), condition, body, otherwise)
        case .set(let targets, let expression): try assign(try value(expression), to: targets)
        case .setMember(let name, let member, let expression):
            guard case .namespace(let namespace) = lookUp(name) else { throw fail("'\(name)' is no namespace") }
            let value = try value(expression)
            try count(namespace.members.count)
            try count(whole: value, depth: 1)
            namespace.members.removeAll { $0.key == member }
            namespace.members.append((member, value))
        case .setBlock(let name, let body): try assign(.text(try captured(body)), to: [name])
        case .macro(let name, let macro): try assign(.macro(macro), to: [name])
        case .stop: return .stop
        case .skip: return .skip
        }
        return .on
    }

    private mutating func write(_ letters: [JinjaLetter]) throws(JinjaError) {
        try count(letters.count)
        output += letters
    }

    /// What the nodes write, as a value.
    private mutating func captured(_ nodes: [JinjaNode]) throws(JinjaError) -> [JinjaLetter] {
        let before = output
        output = []
        _ = try render(nodes)
        defer { output = before }
        return output
    }

    private mutating func assign(_ value: JinjaValue, to targets: [String]) throws(JinjaError) {
        guard targets.count > 1 else {
            scopes[scopes.count - 1][targets[0]] = value
            return
        }
        let values = try items(of: value)
        guard values.count == targets.count else {
            throw fail("\(values.count) values are given to \(targets.count) names")
        }
        for (target, value) in zip(targets, values) { scopes[scopes.count - 1][target] = value }
    }

    private mutating func loop(
        _ targets: [String], _ items: [JinjaValue], _ condition: JinjaExpression?, _ body: [JinjaNode],
        _ otherwise: [JinjaNode]
    ) throws(JinjaError) -> Flow {
        try count(items.count * Self.workOfAStep)
        scopes.append([:])
        defer { scopes.removeLast() }
        var chosen: [JinjaValue] = []
        for item in items {
            try assign(item, to: targets)
            if try condition.map({ (it) throws(JinjaError) in try value(it).isTrue }) ?? true { chosen.append(item) }
        }
        guard !chosen.isEmpty else { return try render(otherwise) }
        for (index, item) in chosen.enumerated() {
            scopes[scopes.count - 1] = [:]
            try assign(item, to: targets)
            scopes[scopes.count - 1]["loop"] = .dictionary([
                ("index", .integer(index + 1)), ("index0", .integer(index)), ("first", .boolean(index == 0)),
                ("last", .boolean(index == chosen.count - 1)), ("length", .integer(chosen.count)),
                ("revindex", .integer(chosen.count - index)), ("revindex0", .integer(chosen.count - index - 1)),
                ("previtem", index > 0 ? chosen[index - 1] : .undefined("previtem")),
                ("nextitem", index + 1 < chosen.count ? chosen[index + 1] : .undefined("nextitem")),
            ])
            if case .stop = try render(body) { break }
        }
        return .on
    }

    // MARK: Expressions

    private func lookUp(_ name: String) -> JinjaValue {
        for scope in scopes.reversed() {
            if let value = scope[name] { return value }
        }
        return ["range", "namespace", "raise_exception", "dict"].contains(name) ? .function(name) : .undefined(name)
    }

    mutating func value(_ expression: JinjaExpression) throws(JinjaError) -> JinjaValue {
        try nested { (it) throws(JinjaError) in
            let value = try it.evaluated(expression)
            switch expression {
            case .literal, .slice, .call, .filter: try it.count(value.count)
            case .binary, .list, .dictionary: try it.count(whole: value)
            default: break
            }
            return value
        }
    }

    private mutating func evaluated(_ expression: JinjaExpression) throws(JinjaError) -> JinjaValue {
        switch expression {
        case .literal(let text): return .text(text)
        case .integer(let number): return .integer(number)
        case .boolean(let flag): return .boolean(flag)
        case .none: return .none
        case .name(let name): return lookUp(name)
        case .member(let base, let name):
            let base = try value(base)
            try count(in: [base])
            return try member(name, of: base)
        case .item(let base, let key):
            let base = try value(base)
            if case .dictionary = base { try count(in: [base]) }
            return try item(try value(key), of: base)
        case .slice(let base, let start, let end, let step): return try slice(base, start, end, step)
        case .call(.member(let base, let name), let arguments):
            return try call(name, of: try value(base), try values(arguments))
        case .call(let function, let arguments): return try call(try value(function), try values(arguments))
        case .filter(let base, let name, let arguments):
            let base = try value(base)
            let call = try values(arguments)
            try count(in: [base] + call.positional)
            if ["map", "selectattr", "rejectattr"].contains(name) {
                try count(whole: base)
                for argument in call.positional + call.named.map(\.value) { try count(base.count * argument.count) }
            }
            return try filter(name, base, call)
        case .test(let base, let name, let arguments):
            let base = try value(base)
            let others = try arguments.map { (it) throws(JinjaError) in try value(it) }
            for operand in [base] + others { try count(whole: operand) }
            return .boolean(try test(name, base, others))
        case .not(let operand): return .boolean(!(try value(operand).isTrue))
        case .negative(let operand): return try binary(.integer(0), "-", try value(operand))
        case .and(let left, let right):
            let first = try value(left)
            return first.isTrue ? try value(right) : first
        case .or(let left, let right):
            let first = try value(left)
            return first.isTrue ? first : try value(right)
        case .binary(let left, let symbol, let right): return try binary(try value(left), symbol, try value(right))
        case .comparison(let first, let rest): return .boolean(try compare(first, rest))
        case .conditional(let value, let condition, let otherwise):
            if try self.value(condition).isTrue { return try self.value(value) }
            return try otherwise.map { (it) throws(JinjaError) in try self.value(it) } ?? .undefined("")
        case .list(let items): return .list(try items.map { (it) throws(JinjaError) in try value(it) })
        case .dictionary(let members):
            return .dictionary(
                try members.map { (key, value) throws(JinjaError) in
                    (try text(of: try self.value(key)).string, try self.value(value))
                })
        }
    }

    private mutating func values(_ arguments: JinjaArguments) throws(JinjaError) -> JinjaCall {
        JinjaCall(
            positional: try arguments.positional.map { (it) throws(JinjaError) in try value(it) },
            named: try arguments.named.map { (name, it) throws(JinjaError) in (name, try value(it)) })
    }

    private mutating func compare(
        _ first: JinjaExpression, _ rest: [(symbol: String, operand: JinjaExpression)]
    ) throws(JinjaError) -> Bool {
        var left = try value(first)
        for (symbol, operand) in rest {
            let right = try value(operand)
            try count(whole: left)
            try count(whole: right)
            let holds =
                switch symbol {
                case "==": left.equals(right)
                case "!=": !left.equals(right)
                case "in": try contains(right, left)
                case "not in": !(try contains(right, left))
                default: try isOrdered(left, symbol, right)
                }
            guard holds else { return false }
            left = right
        }
        return true
    }

    private func isOrdered(_ left: JinjaValue, _ symbol: String, _ right: JinjaValue) throws(JinjaError) -> Bool {
        guard let a = left.number, let b = right.number else {
            throw fail("\(left.kind) and \(right.kind) have no order")
        }
        return symbol == "<" ? a < b : symbol == ">" ? a > b : symbol == "<=" ? a <= b : a >= b
    }

    func contains(_ container: JinjaValue, _ item: JinjaValue) throws(JinjaError) -> Bool {
        switch (container, item) {
        case (.text(let letters), .text(let part)): return part.isEmpty || letters.firstRange(of: part) != nil
        case (.dictionary(let members), .text(let key)): return members.contains { $0.key == key.string }
        case (.namespace(let namespace), .text(let key)):
            return namespace.members.contains { $0.key == key.string }
        default: return try items(of: container).contains { $0.equals(item) }
        }
    }

    private func binary(_ left: JinjaValue, _ symbol: String, _ right: JinjaValue) throws(JinjaError) -> JinjaValue {
        switch (left, symbol, right) {
        case (_, "~", _), (.text, "+", .text):
            let (a, b) = (try text(of: left), try text(of: right))
            try check(letters: a.count + b.count)
            return .text(a + b)
        case (.list(let a), "+", .list(let b)) where a.count + b.count <= Self.mostItems: return .list(a + b)
        case (.text(let a), "*", .integer(let count)) where count <= 1 << 12 && a.count <= 1 << 12:
            return .text([[JinjaLetter]](repeating: a, count: max(0, count)).flatMap(\.self))
        default: break
        }
        guard let a = left.number, let b = right.number else {
            throw fail("'\(symbol)' stands between \(left.kind) and \(right.kind)")
        }
        let (result, isTooLarge) =
            switch symbol {
            case "+": a.addingReportingOverflow(b)
            case "-": a.subtractingReportingOverflow(b)
            case "*": a.multipliedReportingOverflow(by: b)
            // Python rounds down.
            case "%" where b > 0: (a % b < 0 ? a % b + b : a % b, false)
            case "//" where b > 0: (a % b < 0 ? a / b - 1 : a / b, false)
            default: throw fail("'\(symbol)' is not supported with these numbers")
            }
        guard !isTooLarge else { throw fail("a number becomes too large") }
        return .integer(result)
    }

    // MARK: Parts of values

    func member(_ name: String, of base: JinjaValue) throws(JinjaError) -> JinjaValue {
        switch base {
        case .dictionary(let members): return members.last { $0.key == name }?.value ?? .undefined(name)
        case .namespace(let namespace): return namespace.members.last { $0.key == name }?.value ?? .undefined(name)
        case .undefined: throw fail("\(base.kind) has no '\(name)'")
        default: return .undefined(name)
        }
    }

    func item(_ key: JinjaValue, of base: JinjaValue) throws(JinjaError) -> JinjaValue {
        switch (base, key) {
        case (_, .text(let name)): return try member(name.string, of: base)
        case (.list(let items), .integer(let index)):
            let index = index < 0 ? index + items.count : index
            return items.indices.contains(index) ? items[index] : .undefined("an item")
        case (.text(let letters), .integer(let index)):
            let index = index < 0 ? index + letters.count : index
            return letters.indices.contains(index) ? .text([letters[index]]) : .undefined("a character")
        default: throw fail("\(base.kind) has no item that \(key.kind) names")
        }
    }

    /// Python's slices, of texts and lists.
    private mutating func slice(
        _ base: JinjaExpression, _ start: JinjaExpression?, _ end: JinjaExpression?, _ step: JinjaExpression?
    ) throws(JinjaError) -> JinjaValue {
        func bound(_ expression: JinjaExpression?) throws(JinjaError) -> Int? {
            guard let expression else { return nil }
            let value = try value(expression)
            if case .none = value { return nil }
            guard let number = value.number, abs(number.clamped) <= Self.mostItems else {
                throw fail("a slice is bounded by \(value.kind)")
            }
            return number
        }
        let (start, end, step) = (try bound(start), try bound(end), try bound(step) ?? 1)
        guard step != 0 else { throw fail("a slice goes in steps of 0") }
        func indices(_ count: Int) -> [Int] {
            let (low, high) = step > 0 ? (0, count) : (-1, count - 1)
            func place(_ bound: Int?, _ otherwise: Int) -> Int {
                bound.map { min(max($0 < 0 ? $0 + count : $0, low), high) } ?? otherwise
            }
            return Array(
                stride(from: place(start, step > 0 ? low : high), to: place(end, step > 0 ? high : low), by: step))
        }
        switch try value(base) {
        case .text(let letters): return .text(indices(letters.count).map { letters[$0] })
        case .list(let items): return .list(indices(items.count).map { items[$0] })
        case let other: throw fail("\(other.kind) cannot be sliced")
        }
    }

    /// What a loop goes over.
    func items(of value: JinjaValue) throws(JinjaError) -> [JinjaValue] {
        switch value {
        case .list(let items): return items
        case .text(let letters): return letters.map { .text([$0]) }
        case .dictionary(let members): return members.map { .text($0.key) }
        case .undefined: return []
        default: throw fail("\(value.kind) cannot be gone through")
        }
    }

    /// What `{{ }}` writes.
    func text(of value: JinjaValue) throws(JinjaError) -> [JinjaLetter] {
        switch value {
        case .text(let letters): return letters
        case .integer(let number): return [JinjaLetter](String(number))
        case .boolean(let flag): return [JinjaLetter](flag ? "True" : "False")
        case .none: return [JinjaLetter]("None")
        case .undefined: return []
        default: throw fail("\(value.kind) cannot be written as text")
        }
    }
}

extension Int {
    /// Without the one number whose absolute value is none.
    var clamped: Int { Swift.max(self, -Int.max) }
}
