// Follows a template: what it writes, letter by letter with its source.

struct JinjaRenderer {
    private(set) var output: [JinjaLetter] = []
    /// The innermost last.
    private var scopes: [[String: JinjaValue]]
    private var line = 1
    private var steps = 0
    private var depth = 0

    /// A template is somebody else's program: it may not run for long, write without end, or recurse without end.
    private static let mostSteps = 1 << 20
    private static let mostLetters = 1 << 24
    private static let deepest = 16

    /// How a sequence of nodes ended: a loop may be told to stop, or to skip to its next round.
    enum Flow { case on, stop, skip }

    init(_ variables: [String: JinjaValue]) { scopes = [variables, [:]] }

    func fail(_ problem: String) -> JinjaError { JinjaError(line: line, problem: problem) }

    private mutating func step() throws(JinjaError) {
        steps += 1
        guard steps <= Self.mostSteps else { throw fail("it does not come to an end") }
    }

    func check(letters count: Int) throws(JinjaError) {
        guard count <= Self.mostLetters else {
            throw fail("it writes more than \(Self.mostLetters) characters")
        }
    }

    // MARK: Statements

    mutating func render(_ nodes: [JinjaNode]) throws(JinjaError) -> Flow {
        for node in nodes {
            line = node.line
            try step()
            let flow = try render(node.kind)
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
        output += letters
        try check(letters: output.count)
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
        try step()
        switch expression {
        case .literal(let text): return .text(text)
        case .integer(let number): return .integer(number)
        case .boolean(let flag): return .boolean(flag)
        case .none: return .none
        case .name(let name): return lookUp(name)
        case .member(let base, let name): return try member(name, of: try value(base))
        case .item(let base, let key): return try item(try value(key), of: try value(base))
        case .slice(let base, let start, let end, let step): return try slice(base, start, end, step)
        case .call(.member(let base, let name), let arguments):
            return try call(name, of: try value(base), try values(arguments))
        case .call(let function, let arguments): return try call(try value(function), try values(arguments))
        case .filter(let base, let name, let arguments):
            return try filter(name, try value(base), try values(arguments))
        case .test(let base, let name, let arguments):
            let base = try value(base)
            return .boolean(try test(name, base, try arguments.map { (it) throws(JinjaError) in try value(it) }))
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
        case (.list(let a), "+", .list(let b)) where a.count + b.count <= Self.mostSteps: return .list(a + b)
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
            case "%" where b > 0: (((a % b) + b) % b, false)
            case "//" where b > 0: ((a - ((a % b) + b) % b) / b, false)
            default: throw fail("'\(symbol)' is not supported with these numbers")
            }
        guard !isTooLarge else { throw fail("a number becomes too large") }
        return .integer(result)
    }

    // MARK: Parts of values

    private func member(_ name: String, of base: JinjaValue) throws(JinjaError) -> JinjaValue {
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
            guard let number = value.number, abs(number.clamped) <= Self.mostSteps else {
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

    // MARK: Calls

    private mutating func call(_ function: JinjaValue, _ call: JinjaCall) throws(JinjaError) -> JinjaValue {
        switch function {
        case .macro(let macro): return try self.call(macro, call)
        case .function("namespace"): return .namespace(JinjaNamespace(call.named.map { ($0.name, $0.value) }))
        case .function("dict"): return .dictionary(call.named.map { ($0.name, $0.value) })
        case .function("raise_exception"):
            throw fail("it says '\(try call.positional.first.map(text)?.string ?? "")'")
        case .function("range"):
            let bounds = call.positional.compactMap(\.number)
            guard bounds.count == call.positional.count, (1...3).contains(bounds.count),
                bounds.allSatisfy({ abs($0.clamped) <= Self.mostSteps }), bounds.count < 3 || bounds[2] != 0
            else { throw fail("'range' is given no numbers, or too large ones") }
            let range = stride(
                from: bounds.count > 1 ? bounds[0] : 0, to: bounds.count > 1 ? bounds[1] : bounds[0],
                by: bounds.count > 2 ? bounds[2] : 1)
            return .list(range.map { .integer($0) })
        default: throw fail("\(function.kind) is called as a function")
        }
    }

    private mutating func call(_ macro: JinjaMacro, _ call: JinjaCall) throws(JinjaError) -> JinjaValue {
        guard depth < Self.deepest else { throw fail("its macros call each other too deep") }
        depth += 1
        let (outer, written) = (scopes, output)
        scopes = [outer[0], outer[1], [:]]
        output = []
        defer { (scopes, output, depth) = (outer, written, depth - 1) }
        for (index, parameter) in macro.parameters.enumerated() {
            let given = call.argument(index, parameter.name)
            let fallback = try parameter.fallback.map { (it) throws(JinjaError) in try value(it) }
            scopes[2][parameter.name] = given ?? fallback ?? .undefined(parameter.name)
        }
        _ = try render(macro.body)
        return .text(output)
    }

    private mutating func call(
        _ name: String, of base: JinjaValue, _ call: JinjaCall
    ) throws(JinjaError) -> JinjaValue {
        switch (base, name) {
        case (.text(let letters), _):
            guard let result = try method(name, of: letters, call) else {
                throw fail("a text has no method '\(name)' that is supported")
            }
            return result
        case (.dictionary(let members), "items"):
            return .list(members.map { .list([.text($0.key), $0.value]) })
        case (.dictionary(let members), "keys"): return .list(members.map { .text($0.key) })
        case (.dictionary(let members), "values"): return .list(members.map(\.value))
        case (.dictionary(let members), "get"):
            guard case .text(let key)? = call.positional.first else { throw fail("'get' needs a key") }
            return members.last { $0.key == key.string }?.value ?? call.argument(1, "default") ?? .none
        default: return try self.call(try member(name, of: base), call)
        }
    }
}

/// The arguments of a call, evaluated.
struct JinjaCall {
    var positional: [JinjaValue] = []
    var named: [(name: String, value: JinjaValue)] = []

    func argument(_ index: Int, _ name: String) -> JinjaValue? {
        index < positional.count ? positional[index] : named.last { $0.name == name }?.value
    }
}

extension Int {
    /// Without the one number whose absolute value is none.
    fileprivate var clamped: Int { Swift.max(self, -Int.max) }
}
