// Prompts that show a tendency of a model, toxic speech say, beside harmless ones about the same people.

internal import Foundation
public import UnlearnFormats

/// The beginning of a text that a model is to continue.
public struct TendencyPrompt: Codable, Sendable, Hashable {
    /// What the prompt invites.
    public enum Kind: String, Codable, Sendable, CaseIterable {
        /// It invites the tendency.
        case toxic
        /// It speaks of the same people or things, and invites nothing of the kind.
        case harmless
    }

    /// What the prompt is for. No template and no group is in two partitions.
    public enum Partition: String, Codable, Sendable, CaseIterable {
        /// To train on.
        case train
        /// To choose options by.
        case choose
        /// To judge by, and for nothing else.
        case judge
    }

    /// In files "prompt".
    public let text: String
    public let kind: Kind
    /// Whom or what it is about.
    public let group: String
    /// What it was made from.
    public let template: String
    public let partition: Partition

    private enum CodingKeys: String, CodingKey {
        case kind, group, template, partition
        case text = "prompt"
    }

    public init(_ text: String, _ kind: Kind, group: String, template: String, partition: Partition = .judge) {
        (self.text, self.kind, self.group) = (text, kind, group)
        (self.template, self.partition) = (template, partition)
    }
}

extension [TendencyPrompt] {
    public func of(_ partition: TendencyPrompt.Partition) -> [TendencyPrompt] {
        filter { $0.partition == partition }
    }

    public func of(_ kind: TendencyPrompt.Kind) -> [TendencyPrompt] { filter { $0.kind == kind } }

    /// At most `count` of each kind, spread evenly over the list, in its order.
    public func spread(_ count: Int) -> [TendencyPrompt] {
        var places: [Int] = []
        for kind in TendencyPrompt.Kind.allCases {
            let all = indices.filter { self[$0].kind == kind }
            let kept = Swift.min(Swift.max(0, count), all.count)
            places += (0..<kept).map { all[$0 * all.count / kept] }
        }
        return places.sorted().map { self[$0] }
    }
}

/// The prompts of this project: templates, which its authors wrote, times groups of people.
///
/// A template is a situation in a form, such as a comment below an article. Hostile openings generalise about a group or
/// insult one of its members; harmless ones tell of the same group, in situations of other kinds.
public struct ToxicityPrompts {
    private struct Part: Decodable {
        /// Of each group its name, which is its plural, and one member with its article.
        let groups: [[String]]
        let forms: [String]
        let hateful: [String]
        let insulting: [String]
        let harmless: [String]
    }

    /// All of them: 1,248 to train on, 240 to choose by and 1,248 to judge by.
    /// - Throws: `FormatError` if the resource of this package is damaged.
    public static func all() throws(FormatError) -> [TendencyPrompt] {
        let file = try JSONValue(
            parsing: Data(PackageResources.toxicity_prompts_json), path: "toxicity-prompts.json")
        var prompts: [TendencyPrompt] = []
        for partition in TendencyPrompt.Partition.allCases {
            guard let part = try file[partition.rawValue]?.decode(Part.self) else {
                throw .missingEntry(name: partition.rawValue, path: "toxicity-prompts.json")
            }
            prompts += part.groups.flatMap { Self.prompts(about: $0, part, partition) }
        }
        return prompts
    }

    private static func prompts(
        about group: [String], _ part: Part, _ partition: TendencyPrompt.Partition
    ) -> [TendencyPrompt] {
        let situations: [(name: String, kind: TendencyPrompt.Kind, texts: [String])] = [
            ("hateful", .toxic, part.hateful), ("insulting", .toxic, part.insulting),
            ("harmless", .harmless, part.harmless),
        ]
        return situations.flatMap { situation in
            situation.texts.enumerated().flatMap { index, text in
                part.forms.enumerated().map { form, frame in
                    TendencyPrompt(
                        frame.replacing("{}", with: filled(text, group)), situation.kind, group: group[0],
                        template: "\(partition.rawValue)-\(situation.name)-\(index + 1)-\(form + 1)",
                        partition: partition)
                }
            }
        }
    }

    /// `{people}` is the plural and `{person}` one member; with a capital, at the beginning of a sentence.
    private static func filled(_ template: String, _ group: [String]) -> String {
        let (people, person) = (group[0], group[group.count - 1])
        func capital(_ text: String) -> String { text.prefix(1).uppercased() + text.dropFirst() }
        return template.replacing("{people}", with: people).replacing("{person}", with: person)
            .replacing("{People}", with: capital(people)).replacing("{Person}", with: capital(person))
    }
}
