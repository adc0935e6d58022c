// `unlearn list`: what there is to choose from.

import ArgumentParser
import UnlearnData
import UnlearnEvaluation
import UnlearnFormats
import UnlearnKit
import UnlearnMethods
import UnlearnModels

struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List what there is to choose from.")

    /// One catalog each.
    enum Kind: String, ExpressibleByArgument, CaseIterable {
        case methods, options, metrics, attacks, suites, architectures

        var entries: [Entry] {
            switch self {
            // Those have rows of their own.
            case .options: []
            case .methods:
                MethodCatalog.all.map { method in
                    Entry(
                        name: method.card.name, summary: method.card.summary, paper: method.card.paper,
                        families: Family.allCases.filter { $0.has(method) }.map(\.rawValue))
                }
            case .metrics: MetricCatalog.cards.map { Entry(name: $0.name, summary: $0.summary, paper: $0.paper) }
            case .attacks:
                AttackCatalog.all.map { attack in
                    Entry(
                        name: attack.card.name, summary: attack.card.summary, paper: attack.card.paper,
                        families: Family.allCases.filter { $0.has(attack) }.map(\.rawValue))
                }
            case .suites: SuiteCatalog.all.map { Entry(suite: $0.card) }
            case .architectures:
                (Family.allCases.flatMap(\.architectures) + ArchitectureCatalog.encoders)
                    .map { Entry(name: $0.name, summary: $0.summary) }
            }
        }
    }

    /// What is shown of anything in a catalog.
    struct Entry {
        let name: String
        let summary: String
        var paper: String?
        /// The families of models that a method works on.
        var families: [String]?
        /// Of a suite: what it is run on, and its figures.
        var suite: SuiteCard?

        var json: JSONValue {
            var json: JSONValue = ["name": .string(name), "summary": .string(summary)]
            if let suite {
                json["inputs"] = .array(
                    suite.inputs.map { input in
                        [
                            "name": .string(input.name), "summary": .string(input.summary),
                            "required": .bool(input.isRequired),
                        ]
                    })
                json["figures"] = .array(
                    suite.figures.map { figure in
                        [
                            "name": .string(figure.name), "summary": .string(figure.summary),
                            "direction": .string(figure.direction.rawValue), "good": .string(figure.good),
                        ]
                    })
            }
            if let families { json["families"] = .array(families.map { .string($0) }) }
            if let paper { json["paper"] = .string(paper) }
            return json
        }
    }

    /// The suites with their data, then each one's figures in words.
    private func suiteText(_ suite: SuiteCard) -> String {
        let rows = suite.figures.map { [$0.name, $0.direction.words, $0.words] }
        let inputs = suite.inputs.map { input in
            "--\(input.name)\(input.isRequired ? "" : " (may be left out)"): \(input.summary)\n"
        }
        return "\(suite.name): \(suite.summary)\n\(inputs.joined())"
            + TerminalTable(["figure", "good", "what it is"], rows: rows).render()
    }

    @Argument(help: ArgumentHelp("\(Kind.allCases.map(\.rawValue).joined(separator: ", ")).", valueName: "kind"))
    var kind: Kind

    @Option(help: ArgumentHelp("The method whose options are listed (default: the usual ones).", valueName: "name"))
    var method: String?

    @Flag(help: "Print one JSON array.")
    var json = false

    func validate() throws {
        if method != nil, kind != .options { throw ValidationError("--method is for `unlearn list options`.") }
    }

    func run() throws {
        if kind == .options { return try listOptions() }
        let entries = kind.entries
        if json { return Output.line(JSONValue.array(entries.map(\.json)).text()) }
        if kind == .suites {
            return Output.write(entries.compactMap(\.suite).map(suiteText).joined(separator: "\n"))
        }
        let rows = entries.map { entry in
            [entry.name] + (entry.families.map { [$0.joined(separator: ", ")] } ?? []) + [
                entry.summary, entry.paper ?? "",
            ]
        }
        var titles = ["name"]
        if entries.contains(where: { $0.families != nil }) { titles.append("works on") }
        titles.append("what it is")
        if entries.contains(where: { $0.paper != nil }) { titles.append("paper") }
        Output.write(TerminalTable(titles, rows: rows).render())
    }

    /// What `--set` can set, command by command.
    private func listOptions() throws {
        let lists = try OptionList.all(method: method)
        if json { return Output.line(JSONValue.array(lists.flatMap(\.json)).text()) }
        Output.write(lists.map(\.table).joined(separator: "\n"))
    }
}

extension List.Entry {
    init(suite: SuiteCard) { self.init(name: suite.name, summary: suite.summary, suite: suite) }
}

/// What can be set of one command on one family of models.
private struct OptionList {
    let command: RunKind
    let family: Family
    let options: [(facts: SettingFacts, default: JSONValue)]
    let method: String?

    static func all(method: String?) throws -> [OptionList] {
        let known = try method.map { name in
            try Options.method(name) { name in
                guard let found = MethodCatalog.all.first(where: { $0.card.name == name }) else {
                    throw MethodError.unknownMethod(name, known: MethodCatalog.cards.map(\.name))
                }
                return found
            }
        }
        let families = Family.allCases.filter { family in known.map { family.has($0) } ?? true }
        let forget = try families.map { family in
            let name = method ?? family.defaultMethod
            return OptionList(
                command: .forget, family: family, options: try family.options(of: name).options(), method: name)
        }
        guard method == nil else { return forget }
        return try forget
            + families.map {
                OptionList(command: .train, family: $0, options: try $0.trainingOptions.options(), method: nil)
            }
    }

    var json: [JSONValue] {
        options.map { option in
            [
                "name": .string(option.facts.path), "default": option.default,
                "range": .string(option.facts.bounds.words),
                "meaning": .string(option.facts.meaning), "command": .string(command.rawValue),
                "family": .string(family.rawValue), "method": method.map { .string($0) } ?? .null,
            ]
        }
    }

    var table: String {
        let title = "\(command.rawValue), \(family.rawValue)" + (method.map { ", method \($0)" } ?? "") + "\n"
        let rows = options.map {
            [$0.facts.path, $0.default.string ?? $0.default.text(), $0.facts.bounds.words, $0.facts.meaning]
        }
        return title + TerminalTable(["option", "default", "range", "what it is"], rows: rows).render()
    }
}
