// What BERT's tokenizers do to a text before they look words up: cleaning, and cutting into words.

internal import Foundation

/// The cleaning that tokenizer.json calls BertNormalizer.
struct BertNormalizer: Sendable, Equatable {
    /// Whether control characters go, and white space becomes spaces.
    var cleansText = true
    /// Whether Chinese characters become words of their own.
    var separatesChinese = true
    var stripsAccents = true
    var lowercases = true

    func callAsFunction(_ text: String) -> String {
        var scalars = String.UnicodeScalarView()
        for scalar in text.unicodeScalars where !(cleansText && scalar.isBertControl) {
            if cleansText, scalar.properties.isWhitespace {
                scalars.append(" ")
            } else if separatesChinese, scalar.isBertChinese {
                scalars.append(contentsOf: [" ", scalar, " "])
            } else {
                scalars.append(scalar)
            }
        }
        var cleaned = String(scalars)
        if stripsAccents, !cleaned.utf8.allSatisfy({ $0 < 0x80 }) {
            let decomposed = cleaned.decomposedStringWithCanonicalMapping
            cleaned = String(String.UnicodeScalarView(decomposed.unicodeScalars.filter { !$0.isBertAccent }))
        }
        guard lowercases else { return cleaned }
        // Letter by letter, as the library does: a capital sigma at the end of a word becomes σ, too.
        return cleaned.unicodeScalars.reduce(into: "") { $0 += $1.lowercased }
    }
}

/// Cuts at white space, which goes, and around each punctuation mark, which stays: BertPreTokenizer.
enum BertWords {
    /// Visits the words of a text, as ranges of its UTF-8.
    static func forEachWord(of text: String, _ visit: (Range<Int>) -> Void) {
        var (start, end) = (0, 0)
        for scalar in text.unicodeScalars {
            let next = end + UTF8.width(scalar)
            let isPunctuation = scalar.isBertPunctuation
            if isPunctuation || scalar.properties.isWhitespace {
                if start < end { visit(start..<end) }
                if isPunctuation { visit(end..<next) }
                start = next
            }
            end = next
        }
        if start < end { visit(start..<end) }
    }
}

extension Unicode.Scalar {
    /// The general category in Unicode 8, whose tables the tokenizers library has: letters and marks of later versions
    /// have none there.
    private var bertCategory: Unicode.GeneralCategory {
        switch value {
        // These were given another one since.
        case 0x1734, 0x1171E: return .nonspacingMark
        case 0x1885, 0x1886: return .otherLetter
        case 0xA9BD: return .spacingMark
        case 0x166D, 0x111C9: return .otherPunctuation
        default: break
        }
        guard let age = properties.age, (age.major, age.minor) <= (8, 0) else { return .unassigned }
        return properties.generalCategory
    }

    fileprivate var isBertControl: Bool {
        if isASCII { return value < 0x20 && ![0x09, 0x0A, 0x0D].contains(value) || value == 0x7F }
        switch bertCategory {
        case .control, .format, .privateUse: return true
        default: return value == 0xFFFD
        }
    }

    fileprivate var isBertAccent: Bool { !isASCII && bertCategory == .nonspacingMark }

    fileprivate var isBertPunctuation: Bool {
        if isASCII {
            return switch value {
            case 0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E: true
            default: false
            }
        }
        return switch bertCategory {
        case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
            .finalPunctuation, .otherPunctuation:
            true
        default: false
        }
    }

    /// Chinese characters, also where Japanese and Korean use them; not kana and hangul, which have words.
    fileprivate var isBertChinese: Bool {
        switch value {
        case 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFAFF, 0x20000...0x2A6DF, 0x2A700...0x2B73F,
            0x2B740...0x2B81F, 0x2B920...0x2CEAF, 0x2F800...0x2FA1F:
            true
        default: false
        }
    }

    fileprivate var lowercased: String {
        guard isASCII else { return properties.lowercaseMapping }
        return (0x41...0x5A).contains(value) ? String(Unicode.Scalar(UInt8(value) + 0x20)) : String(self)
    }
}
