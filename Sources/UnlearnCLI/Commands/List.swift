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
        case methods, metrics, suites, architectures

        var entries: [Entry] {
            switch self {
            case .methods: MethodCatalog.cards.map { Entry(name: $0.name, summary: $0.summary, paper: $0.paper) }
            case .metrics: MetricCatalog.cards.map { Entry(name: $0.name, summary: $0.summary, paper: $0.paper) }
            case .suites: Evaluate.Suite.allCases.map { Entry(name: $0.rawValue, summary: $0.summary) }
            case .architectures:
                ArchitectureCatalog.all.map { Entry(name: $0.name, summary: $0.summary) }
                    + ArchitectureCatalog.classifiers.map { Entry(name: $0.name, summary: $0.summary) }
            }
        }
    }

    /// What is shown of anything in a catalog.
    struct Entry {
        let name: String
        let summary: String
        var paper: String?

        var json: JSONValue {
            var json: JSONValue = ["name": .string(name), "summary": .string(summary)]
            if let paper { json["paper"] = .string(paper) }
            return json
        }
    }

    @Argument(help: ArgumentHelp("\(Kind.allCases.map(\.rawValue).joined(separator: ", ")).", valueName: "kind"))
    var kind: Kind

    @Flag(help: "Print one JSON array.")
    var json = false

    func run() {
        let entries = kind.entries
        if json { return Output.line(JSONValue.array(entries.map(\.json)).text()) }
        let rows = entries.map { [$0.name, $0.summary, $0.paper ?? ""] }
        let hasPapers = entries.contains { $0.paper != nil }
        var columns: [TerminalTable.Column] = [.init("name"), .init("what it is")]
        if hasPapers { columns.append(.init("paper")) }
        Output.write(TerminalTable(columns, rows: rows).render())
    }
}
