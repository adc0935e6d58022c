// Expressions of templates, with the precedence of Jinja: what binds closest comes last.

extension JinjaParser {
    /// An expression, or several with commas between, which are a list.
    mutating func tuple() throws(JinjaError) -> JinjaExpression {
        let first = try expression()
        guard isNext(",") else { return first }
        var items = [first]
        while take(","), !isNext(")"), !isNextClose { items.append(try expression()) }
        return .list(items)
    }

    mutating func expression() throws(JinjaError) -> JinjaExpression {
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

    mutating func or() throws(JinjaError) -> JinjaExpression {
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
}
