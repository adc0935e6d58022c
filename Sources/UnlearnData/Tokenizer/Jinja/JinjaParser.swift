// Makes statements of a template's tokens.

struct JinjaParser {
    private let tokens: [JinjaToken]
    var position = 0
    private var depth = 0
    private var chained = 0

    /// How deep tags and expressions may nest, and how many words a tag may chain: far more than templates need, and
    /// few enough for the stack.
    static let deepest = 64
    static let longestChain = 512

    init(_ tokens: [JinjaToken]) { self.tokens = tokens }

    mutating func template() throws(JinjaError) -> [JinjaNode] {
        let nodes = try nodes(until: [])
        guard position == tokens.count else { throw unexpected() }
        return nodes
    }

    // MARK: Statements

    /// The nodes up to a tag whose name is one of `ends`, which is left to be read.
    mutating func nodes(until ends: Set<String>) throws(JinjaError) -> [JinjaNode] {
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

    mutating func statement(_ name: String) throws(JinjaError) -> [JinjaNode.Kind] {
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

    mutating func branches() throws(JinjaError) -> JinjaNode.Kind {
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

    mutating func loop() throws(JinjaError) -> JinjaNode.Kind {
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

    mutating func set() throws(JinjaError) -> JinjaNode.Kind {
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

    mutating func macro() throws(JinjaError) -> JinjaNode.Kind {
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

    mutating func body(until ends: Set<String>) throws(JinjaError) -> [JinjaNode] {
        try nested { (parser) throws(JinjaError) in try parser.nodes(until: ends) }
    }

    mutating func names() throws(JinjaError) -> [String] {
        let isEnclosed = take("(")
        var names = [try name()]
        while take(",") { names.append(try name()) }
        if isEnclosed, !take(")") { throw unexpected() }
        return names
    }

    // MARK: Tokens

    var kind: JinjaToken.Kind? { kind(after: 0) }
    var isNextClose: Bool { kind == .close }

    func kind(after count: Int) -> JinjaToken.Kind? {
        position + count < tokens.count ? tokens[position + count].kind : nil
    }

    func isNext(_ symbol: String) -> Bool { kind == .symbol(symbol) }

    mutating func take(_ symbol: String) -> Bool { take([symbol]) != nil }

    mutating func take(_ symbols: Set<String>) -> String? {
        guard case .symbol(let symbol)? = kind, symbols.contains(symbol) else { return nil }
        position += 1
        return symbol
    }

    mutating func takeName(_ name: String) -> Bool {
        guard kind == .name(name) else { return false }
        position += 1
        return true
    }

    mutating func takeTag(_ name: String) -> Bool {
        guard kind == .block, kind(after: 1) == .name(name) else { return false }
        position += 2
        return true
    }

    mutating func name() throws(JinjaError) -> String {
        guard case .name(let name)? = kind else { throw unexpected() }
        position += 1
        return name
    }

    mutating func close() throws(JinjaError) {
        guard isNextClose else { throw unexpected() }
        position += 1
    }

    /// The tag that ends a statement, whose name has been checked.
    mutating func end() throws(JinjaError) {
        position += 2
        try close()
    }

    /// Counts an operator: each puts what stands before it one level deeper.
    mutating func chain() throws(JinjaError) {
        chained += 1
        guard chained <= Self.longestChain else { throw fail("a tag holds more than \(Self.longestChain) operators") }
    }

    mutating func nested<Value>(
        _ body: (inout Self) throws(JinjaError) -> Value
    ) throws(JinjaError) -> Value {
        guard depth < Self.deepest else { throw fail("it nests too deep") }
        depth += 1
        defer { depth -= 1 }
        return try body(&self)
    }

    func fail(_ problem: String) -> JinjaError {
        let token = tokens.indices.contains(position) ? tokens[position] : tokens.last
        return JinjaError(line: token?.line ?? 1, problem: problem)
    }

    func unexpected() -> JinjaError {
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
