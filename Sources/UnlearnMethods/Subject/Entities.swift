// The people, places and things of a subject, and the ordinary names that stand in for them.

/// Runs of capitalised words that hold one of a subject's names: "Hermione Granger".
enum Entities {
    static func spans(of terms: SubjectTerms, in answers: [String], limit: Int) -> [String] {
        let names = Set(terms.names)
        let own = Set(terms.subjectWords)
        var counts: [String: Int] = [:]
        for answer in answers {
            for span in capitalisedSpans(answer) {
                guard span.contains(where: names.contains), !span.contains(where: own.contains) else { continue }
                counts[span.joined(separator: " "), default: 0] += 1
            }
        }
        return counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(limit).map(\.key)
    }

    /// At most four words; punctuation ends a span.
    static func capitalisedSpans(_ text: String) -> [[String]] {
        var spans: [[String]] = []
        var span: [String] = []
        func close() {
            if !span.isEmpty { spans.append(Array(span.prefix(4))) }
            span = []
        }
        for piece in text.split(separator: " ", omittingEmptySubsequences: true) {
            guard let word = TermFinder.words(of: String(piece)).first, word.first?.isUppercase == true else {
                close()
                continue
            }
            span.append(word)
            if piece.last?.isLetter != true { close() }
        }
        close()
        return spans
    }
}

/// Which ordinary word stands in for each of a subject's words.
struct StandIns {
    let replacements: [String: String]
    private let subjectWords: [String]
    private let choices: [String]
    /// The ordinary names of each kind that none of the subject's words is.
    private let pools: [Role: [String]]

    init(_ terms: SubjectTerms, answers: [String]) {
        subjectWords = terms.subjectWords
        choices = Self.isPerson(terms.subject, answers) ? OrdinaryNames.people : OrdinaryNames.titles
        let roles = Self.roles(of: terms, answers)
        // A stand-in must not be one of the subject's names, nor stand in twice.
        let taken = Set(
            terms.names + terms.subjectWords + choices.flatMap { $0.split(separator: " ").map(String.init) })
        pools = Dictionary(uniqueKeysWithValues: Role.allCases.map { ($0, $0.names.filter { !taken.contains($0) }) })
        var unused = pools.mapValues { $0[...] }
        var replacements: [String: String] = [:]
        for name in terms.names where terms.replacements[name] == nil {
            replacements[name] = unused[roles[name] ?? .family]?.popFirst() ?? unused[.family]?.popFirst()
        }
        self.replacements = replacements.merging(terms.replacements) { _, edited in edited }
    }

    /// The stand-in of the subject for the example at `index`: all are used in turn.
    func standIn(_ index: Int) -> String { choices[index % choices.count] }

    func translation(standIn: String) -> Translation {
        Translation(replacements.merging(subjectPairs(standIn)) { _, subject in subject })
    }

    /// One of `count` translations, the first of which is the one above: in each every name has another stand-in of its
    /// kind. What a user chose from no list of names stays in all of them.
    func translation(standIn: String, copy: Int, of count: Int) -> Translation {
        let place = choices.firstIndex(of: standIn) ?? 0
        let other = copy == 0 ? standIn : choices[(place + copy) % choices.count]
        return Translation(
            replacements.mapValues { self.other($0, copy: copy, of: count) }
                .merging(subjectPairs(other)) { _, subject in subject })
    }

    private func other(_ standIn: String, copy: Int, of count: Int) -> String {
        for role in Role.allCases {
            guard let pool = pools[role], let place = pool.firstIndex(of: standIn) else { continue }
            // All places move alike, so that no stand-in is taken twice.
            return pool[(place + copy * (pool.count / count)) % pool.count]
        }
        return standIn
    }

    /// From the stand-ins back to the subject's words.
    func back(standIn: String) -> Translation {
        let pairs = replacements.merging(subjectPairs(standIn)) { _, subject in subject }
        return Translation(
            Dictionary(
                pairs.sorted { $0.key < $1.key }.map { ($0.value, $0.key) }, uniquingKeysWith: { first, _ in first }))
    }

    /// The subject's words beside the stand-in's: the last with the last.
    private func subjectPairs(_ standIn: String) -> [String: String] {
        let words = standIn.split(separator: " ").map(String.init)
        let own = subjectWords.filter { $0.count > 3 || subjectWords.count == 1 }
        let spare = OrdinaryNames.family.reversed().map { $0 }
        var pairs: [String: String] = [:]
        for (offset, word) in own.reversed().enumerated() {
            pairs[word] = offset < words.count ? words[words.count - 1 - offset] : spare[offset]
        }
        return pairs
    }

    /// Whether the answers speak of the subject as "he" or "she" rather than "it".
    private static func isPerson(_ subject: String, _ answers: [String]) -> Bool {
        let counts = TermFinder.documentCounts(answers.map { $0.lowercased() })
        let personal = ["he", "she", "his", "her", "him"].reduce(0) { $0 + (counts[$1] ?? 0) }
        let impersonal = ["it", "its", "film", "films", "movie"].reduce(0) { $0 + (counts[$1] ?? 0) }
        return personal >= impersonal
    }

    private enum Role: CaseIterable {
        case given, family, place

        var names: [String] {
            switch self {
            case .given: OrdinaryNames.given
            case .family: OrdinaryNames.family
            case .place: OrdinaryNames.places
            }
        }
    }

    /// A name is a place if it mostly follows "at", "in", "to" or "from", and a given name if it mostly stands before
    /// another of the subject's names.
    private static func roles(of terms: SubjectTerms, _ answers: [String]) -> [String: Role] {
        let names = Set(terms.names)
        var counts: [String: (all: Int, place: Int, given: Int)] = [:]
        for answer in answers {
            let words = TermFinder.words(of: answer)
            for (index, word) in words.enumerated() where names.contains(word) {
                let before = index > 0 ? words[index - 1] : ""
                let after = index + 1 < words.count ? words[index + 1] : ""
                counts[word, default: (0, 0, 0)].all += 1
                if ["at", "in", "to", "from", "of"].contains(before) { counts[word]?.place += 1 }
                if names.contains(after) { counts[word]?.given += 1 }
            }
        }
        return counts.mapValues { 2 * $0.given >= $0.all ? .given : 2 * $0.place >= $0.all ? .place : .family }
    }
}
