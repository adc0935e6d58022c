// The words that every rendering of a report shares: names of figures, values with intervals, the verdict's sentence.
public import UnlearnEvaluation

extension Report {
    /// What is said of the family, or of a tendency.
    var words: FamilyWords { tendency == nil ? family.words : .tendency }

    /// The verdict in one sentence for someone who reads nothing else.
    var headline: String {
        switch verdict {
        case .forgotten: "Forgotten: \(words.forgotten), and that it kept its other abilities."
        case .notForgotten: "Not forgotten: at least one requirement was clearly missed."
        case .inconclusive: "Inconclusive: the measurements do not decide \(words.undecided)."
        }
    }
}

extension Report.Metric {
    /// The figure's name in words. Figures this file does not know keep their own names.
    var title: String { Self.title(of: name) }

    static func title(of name: String) -> String {
        switch name {
        case MetricName.leak: "answers that leak a term"
        case "core-leak": "answers that leak a term of the subject alone"
        case MetricName.sampledLeak: "questions that leak when sampled"
        case MetricName.keyProbability: "probability of key words"
        case MetricName.answerProbability: "probability of the answers"
        case MetricName.logProbability: "log-probability of the answers"
        case MetricName.perplexity: "perplexity"
        case MetricName.repetition: "repeated word triples"
        case MetricName.extractionStrength: "extraction strength"
        case MetricName.exactMemorization: "exact memorization"
        case MetricName.crossEntropy: "cross-entropy"
        case MetricName.psnr: "signal to noise of what is drawn"
        case "psnr-whole": "signal to noise of whole pictures"
        case "psnr-blind": "signal to noise of a blind fill"
        case MetricName.ssim: "structural similarity of what is drawn"
        case "ssim-whole": "structural similarity of whole pictures"
        case MetricName.fid: "Fréchet distance of what is drawn"
        case "fid-whole": "Fréchet distance of whole pictures"
        case "fid-blind": "Fréchet distance of a blind fill"
        case MetricName.inceptionScore: "inception score of what is drawn"
        case "inception-score-whole": "inception score of whole pictures"
        case MetricName.embeddingCosine: "cosine of features of what is drawn"
        case "embedding-cosine-whole": "cosine of features of whole pictures"
        case MetricName.membershipAttack: "membership attack"
        default: name
        }
    }

    /// The name with its unit: "perplexity", "log-probability of the answers (nats per token)".
    var titleWithUnit: String { unit.isEmpty ? title : "\(title) (\(unit))" }

    /// How many examples the figure rests on; both numbers if they differ.
    var examples: String {
        let counts = [before?.n, after?.n, control?.n].compactMap(\.self)
        return Set(counts).count == 1 ? "\(counts[0])" : counts.map(String.init).joined(separator: " / ")
    }
}

extension Direction {
    public var words: String {
        switch self {
        case .lowerIsBetter: "lower"
        case .higherIsBetter: "higher"
        case .unchangedIsBetter: "unchanged"
        }
    }
}

extension Report.Figure? {
    /// "0.050 (0.022 to 0.112)", or a dash where nothing was measured.
    var words: String {
        guard let self else { return "–" }
        let value = NumberText.decimal(self.value)
        return self.intervalWords.map { "\(value) (\($0))" } ?? value
    }
}

extension Report.Figure {
    /// "0.022 to 0.112"; nil where there is no interval.
    var intervalWords: String? { intervalWords(places: 3) }

    func intervalWords(places: Int) -> String? {
        guard let low, let high else { return nil }
        return "\(NumberText.decimal(low, places: places)) to \(NumberText.decimal(high, places: places))"
    }
}

extension Report.Sample.Kind {
    var title: String {
        switch self {
        case .forget: "Questions about the subject"
        case .neighbour: "Questions about neighbouring subjects"
        case .general: "General questions"
        }
    }
}

extension Report.Seconds {
    /// The stages in the order of a run.
    var stages: [(name: String, seconds: Double)] {
        [
            ("load", load), ("prepare", prepare), ("evaluate before", evaluateBefore), ("forget", forget),
            ("evaluate after", evaluateAfter), ("save", save), ("total", total),
        ]
    }
}

extension Provenance {
    /// What the reader of a report needs to know, in order; files have a table of their own.
    var rows: [(name: String, value: String)] {
        var rows = [("subject", subject), ("method", method)]
        if let answer { rows.append(("new answers", answer)) }
        rows += [("model", model), ("model's SHA-256", modelHash)]
        if let resultHash { rows.append(("changed model's SHA-256", resultHash)) }
        return rows + [
            ("seed", "\(seed)"), ("threads", "\(threads)"), ("platform", platform), ("unlearn", toolVersion),
            ("Swift", swiftVersion), ("libtorch", libtorchVersion),
        ]
    }
}

/// Times for people.
enum DurationText {
    /// "8 s", "1 min 50 s", "2 h 5 min".
    static func words(_ seconds: Double) -> String {
        guard seconds < 360_000 else { return "more than 100 h" }
        let whole = Int(seconds.rounded(.up))
        if whole < 60 { return "\(whole) s" }
        if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
        return "\(whole / 3600) h \(whole % 3600 / 60) min"
    }
}

/// Sizes for people.
enum ByteText {
    static func words(_ bytes: Int) -> String {
        bytes < 1_000_000_000
            ? NumberText.decimal(Double(bytes) / 1e6, places: 1) + " MB"
            : NumberText.decimal(Double(bytes) / 1e9, places: 2) + " GB"
    }
}

/// Counts for people.
public enum CountText {
    /// "134,515,008".
    public static func words(_ count: Int) -> String {
        let digits = Array(String(count))
        return digits.enumerated().map { index, digit in
            index > 0 && (digits.count - index) % 3 == 0 ? ",\(digit)" : String(digit)
        }.joined()
    }
}
