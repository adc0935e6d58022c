// Makes statements and expressions of a template's tokens, with the precedence of Jinja.

struct JinjaParser {
    private let tokens: [JinjaToken]
    private var position = 0
    private var depth = 0
    private var chained = 0

    /// How deep tags and expressions may nest, and how many words a tag may chain: far more than templates need, and
    /// few enough for the stack.
    private static let deepest = 64
    private static let longestChain = 512

    init(_ tokens: [JinjaToken]) { self.tokens = tokens }

    mutating func template() throws(JinjaError) -> [JinjaNode] {
        let nodes = try nodes(until: [])
        guard position == tokens.count else { throw unexpected() }
        return nodes
    }

    // MARK: Statements

    /// The nodes up to a tag whose name is one of `ends`, which is left to be read.
    private mutating func nodes(until ends: Set<String>) throws(JinjaError) -> [JinjaNode] {
        var nodes: [JinjaNode] = []
        while position < tokens.count {
            let line = tokens[position].line
            switch tokens[position].kind {
            case .text(let text):
                position += 1
                nodes.append(JinjaNode(line: line, kind: .text(text)))
            case .output:
                position += 1
                chained = 0
                nodes.append(JinjaNode(line: line, kind: .output(try tuple())))
                try close()
            case .block:
                guard position + 1 < tokens.count, case .name(let name) = tokens[position + 1].kind else {
                    throw unexpected()
                }
                if ends.contains(name) { return nodes }
                position += 2
                chained = 0
                nodes += try statement(name).map { JinjaNode(line: line, kind: $0) }
            default: throw unexpected()
            }
        }
        guard ends.isEmpty else { throw fail("'\(ends.sorted().joined(separator: "' or '"))' is missing") }
        return nodes
    }

    private mutating func statement(_ name: String) throws(JinjaError) -> [JinjaNode.Kind] {
        switch name {
        case "if": return [try branches()]
        case "for": return [try loop()]
        case "set": return [try set()]
        case "macro": return [try macro()]
        case "generation":
            // Marks what the assistant says; transformers writes what is in it.
            try close()
            let body = try nodes(until: ["endgeneration"])
            try end()
            return [.branches([(.boolean(true), body)], otherwise: [])]
        case "break", "continue":
            try close()
            return [name == "break" ? .stop : .skip]
        default: throw fail("the tag '\(name)' is not supported")
        }
    }

    private mutating func branches() throws(JinjaError) -> JinjaNode.Kind {
        var branches: [(JinjaExpression, [JinjaNode])] = []
        repeat {
            let condition = try tuple()
            try close()
            branches.append((condition, try body(until: ["elif", "else", "endif"])))
        } while takeTag("elif")
        var otherwise: [JinjaNode] = []
        if takeTag("else") {
            try close()
            otherwise = try body(until: ["endif"])
        }
        try end()
        return .branches(branches, otherwise: otherwise)
    }

    private mutating func loop() throws(JinjaError) -> JinjaNode.Kind {
        let targets = try names()
        guard takeName("in") else { throw unexpected() }
        let sequence = try or()
        let condition = takeName("if") ? try expression() : nil
        try close()
        let body = try body(until: ["else", "endfor"])
        var otherwise: [JinjaNode] = []
        if takeTag("else") {
            try close()
            otherwise = try self.body(until: ["endfor"])
        }
        try end()
        return .loop(targets: targets, over: sequence, condition: condition, body: body, otherwise: otherwise)
    }

    private mutating func set() throws(JinjaError) -> JinjaNode.Kind {
        let targets = try names()
        let member = targets.count == 1 && take(".") ? try name() : nil
        if take("=") {
            let value = try tuple()
            try close()
            return member.map { .setMember(of: targets[0], $0, value) } ?? .set(targets: targets, value)
        }
        guard targets.count == 1, member == nil else { throw unexpected() }
        try close()
        let body = try body(until: ["endset"])
        try end()
        return .setBlock(targets[0], body)
    }

    private mutating func macro() throws(JinjaError) -> JinjaNode.Kind {
        let name = try name()
        guard take("(") else { throw unexpected() }
        var parameters: [(String, JinjaExpression?)] = []
        while !take(")") {
            parameters.append((try self.name(), take("=") ? try expression() : nil))
            guard take(",") || isNext(")") else { throw unexpected() }
        }
        try close()
        let body = try body(until: ["endmacro"])
        try end()
        return .macro(name, JinjaMacro(parameters: parameters, body: body))
    }

    private mutating func body(until ends: Set<String>) throws(JinjaError) -> [JinjaNode] {
        try nested { (parser) throws(JinjaError) in try parser.nodes(until: ends) }
    }

    private mutating func names() throws(JinjaError) -> [String] {
        let isEnclosed = take("(")
        var names = [try name()]
        while take(",") { names.append(try name()) }
        if isEnclosed, !take(")") { throw unexpected() }
        return names
    }

    // MARK: Expressions

    /// An expression, or several with commas between, which are a list.
    private mutating func tuple() throws(JinjaError) -> JinjaExpression {
        let first = try expression()
        guard isNext(",") else { return first }
        var items = [first]
        while take(","), !isNext(")"), !isNextClose { items.append(try expression()) }
        return .list(items)
    }

    private mutating func expression() throws(JinjaError) -> JinjaExpression {
        try nested { (parser) throws(JinjaError) in
            var value = try parser.or()
            while parser.takeName("if") {
                let condition = try parser.or()
                value = .conditional(
                    value, condition: condition, otherwise: parser.takeName("else") ? try parser.expression() : nil)
            }
            return value
        }
    }

    private mutating func or() throws(JinjaError) -> JinjaExpression {
        var value = try and()
        while takeName("or") {
            try chain()
            value = .or(value, try and())
        }
        return value
    }

    private mutating func and() throws(JinjaError) -> JinjaExpression {
        var value = try not()
        while takeName("and") {
            try chain()
            value = .and(value, try not())
        }
        return value
    }

    private mutating func not() throws(JinjaError) -> JinjaExpression {
        takeName("not") ? .not(try nested { (parser) throws(JinjaError) in try parser.not() }) : try comparison()
    }

    private mutating func comparison() throws(JinjaError) -> JinjaExpression {
        let first = try sum()
        var rest: [(String, JinjaExpression)] = []
        while true {
            if let symbol = take(["==", "!=", "<", ">", "<=", ">="]) {
                rest.append((symbol, try sum()))
            } else if takeName("in") {
                rest.append(("in", try sum()))
            } else if case .name("not")? = kind, case .name("in")? = kind(after: 1) {
                position += 2
                rest.append(("not in", try sum()))
            } else {
                return rest.isEmpty ? first : .comparison(first, rest)
            }
        }
    }

    private mutating func sum() throws(JinjaError) -> JinjaExpression {
        var value = try joining()
        while let symbol = take(["+", "-"]) {
            try chain()
            value = .binary(value, symbol, try joining())
        }
        return value
    }

    private mutating func joining() throws(JinjaError) -> JinjaExpression {
        var value = try product()
        while take("~") {
            try chain()
            value = .binary(value, "~", try product())
        }
        return value
    }

    private mutating func product() throws(JinjaError) -> JinjaExpression {
        var value = try unary()
        while let symbol = take(["*", "/", "//", "%"]) {
            try chain()
            value = .binary(value, symbol, try unary())
        }
        return value
    }

    private mutating func unary() throws(JinjaError) -> JinjaExpression {
        if take("-") { return .negative(try nested { (parser) throws(JinjaError) in try parser.unary() }) }
        var value = try postfix(try primary())
        while true {
            try chain()
            if take("|") {
                var name = try name()
                while take(".") { name += "." + (try self.name()) }
                value = .filter(value, name, take("(") ? try arguments() : JinjaArguments())
            } else if takeName("is") {
                value = try test(of: value)
            } else {
                return value
            }
        }
    }

    private mutating func test(of value: JinjaExpression) throws(JinjaError) -> JinjaExpression {
        let isNot = takeName("not")
        let name = try name()
        var arguments: [JinjaExpression] = []
        if take("(") {
            arguments = try self.arguments().positional
        } else {
            switch kind {
            case .name(let word)? where ["else", "or", "and", "is", "if", "not", "in"].contains(word): break
            case .name?, .literal?, .integer?, .symbol("[")?, .symbol("{")?: arguments = [try postfix(try primary())]
            default: break
            }
        }
        return isNot ? .not(.test(value, name, arguments)) : .test(value, name, arguments)
    }

    private mutating func postfix(_ base: JinjaExpression) throws(JinjaError) -> JinjaExpression {
        var value = base
        while true {
            try chain()
            if take(".") {
                if case .integer(let number)? = kind {
                    position += 1
                    value = .item(value, .integer(number))
                } else {
                    value = .member(value, try name())
                }
            } else if take("[") {
                value = try subscripted(value)
            } else if take("(") {
                value = .call(value, try arguments())
            } else {
                return value
            }
        }
    }

    private mutating func subscripted(_ base: JinjaExpression) throws(JinjaError) -> JinjaExpression {
        var bounds: [JinjaExpression?] = []
        while !isNext("]") {
            bounds.append(isNext(":") ? nil : try expression())
            guard take(":") else { break }
            if isNext("]") { bounds.append(nil) }
        }
        guard take("]"), (1...3).contains(bounds.count) else { throw unexpected() }
        if bounds.count == 1, let index = bounds[0] { return .item(base, index) }
        return .slice(base, start: bounds[0], end: bounds[1], step: bounds.count == 3 ? bounds[2] : nil)
    }

    private mutating func arguments() throws(JinjaError) -> JinjaArguments {
        var arguments = JinjaArguments()
        while !take(")") {
            if case .name(let name)? = kind, case .symbol("=")? = kind(after: 1) {
                position += 2
                arguments.named.append((name, try expression()))
            } else {
                arguments.positional.append(try expression())
            }
            guard take(",") || isNext(")") else { throw unexpected() }
        }
        return arguments
    }

    private mutating func primary() throws(JinjaError) -> JinjaExpression {
        guard let kind else { throw unexpected() }
        position += 1
        switch kind {
        case .name("true"), .name("True"): return .boolean(true)
        case .name("false"), .name("False"): return .boolean(false)
        case .name("none"), .name("None"): return .none
        case .name(let name): return .name(name)
        case .integer(let number): return .integer(number)
        case .literal(var text):
            while case .literal(let more)? = self.kind {
                text += more
                position += 1
            }
            return .literal(text)
        case .symbol("("):
            if take(")") { return .list([]) }
            let value = try tuple()
            guard take(")") else { throw unexpected() }
            return value
        case .symbol("["):
            var items: [JinjaExpression] = []
            while !take("]") {
                items.append(try expression())
                guard take(",") || isNext("]") else { throw unexpected() }
            }
            return .list(items)
        case .symbol("{"):
            var members: [(JinjaExpression, JinjaExpression)] = []
            while !take("}") {
                let key = try expression()
                guard take(":") else { throw unexpected() }
                members.append((key, try expression()))
                guard take(",") || isNext("}") else { throw unexpected() }
            }
            return .dictionary(members)
        default:
            position -= 1
            throw unexpected()
        }
    }

    // MARK: Tokens

    private var kind: JinjaToken.Kind? { kind(after: 0) }
    private var isNextClose: Bool { kind == .close }

    private func kind(after count: Int) -> JinjaToken.Kind? {
        position + count < tokens.count ? tokens[position + count].kind : nil
    }

    private func isNext(_ symbol: String) -> Bool { kind == .symbol(symbol) }

    private mutating func take(_ symbol: String) -> Bool { take([symbol]) != nil }

    private mutating func take(_ symbols: Set<String>) -> String? {
        guard case .symbol(let symbol)? = kind, symbols.contains(symbol) else { return nil }
        position += 1
        return symbol
    }

    private mutating func takeName(_ name: String) -> Bool {
        guard kind == .name(name) else { return false }
        position += 1
        return true
    }

    private mutating func takeTag(_ name: String) -> Bool {
        guard kind == .block, kind(after: 1) == .name(name) else { return false }
        position += 2
        return true
    }

    private mutating func name() throws(JinjaError) -> String {
        guard case .name(let name)? = kind else { throw unexpected() }
        position += 1
        return name
    }

    private mutating func close() throws(JinjaError) {
        guard isNextClose else { throw unexpected() }
        position += 1
    }

    /// The tag that ends a statement, whose name has been checked.
    private mutating func end() throws(JinjaError) {
        position += 2
        try close()
    }

    /// Counts an operator: each puts what stands before it one level deeper.
    private mutating func chain() throws(JinjaError) {
        chained += 1
        guard chained <= Self.longestChain else { throw fail("a tag holds more than \(Self.longestChain) operators") }
    }

    private mutating func nested<Value>(
        _ body: (inout Self) throws(JinjaError) -> Value
    ) throws(JinjaError) -> Value {
        guard depth < Self.deepest else { throw fail("it nests too deep") }
        depth += 1
        defer { depth -= 1 }
        return try body(&self)
    }

    private func fail(_ problem: String) -> JinjaError {
        let token = tokens.indices.contains(position) ? tokens[position] : tokens.last
        return JinjaError(line: token?.line ?? 1, problem: problem)
    }

    private func unexpected() -> JinjaError {
        switch kind {
        case nil: fail("it ends too early")
        case .close?: fail("a tag ends too early")
        case .name(let word)?, .symbol(let word)?, .literal(let word)?, .text(let word)?:
            fail("'\(word.prefix(40))' is not expected there")
        case .integer(let number)?: fail("\(number) is not expected there")
        case .block?, .output?: fail("a tag is not expected there")
        }
    }
}
