// Reads a user's examples: JSON lines or a JSON array with rows of four forms, or plain text.

public import Foundation
internal import UnlearnFormats

/// Reads files of examples. Every row is checked; the first mistake is reported with its file and line.
public struct ExampleReader: Sendable {
    /// Plain text is cut between paragraphs into examples of at most this many words.
    public var wordsPerExample: Int

    public init(wordsPerExample: Int = 200) {
        precondition(wordsPerExample > 0, "ExampleReader: an example needs room for a word")
        self.wordsPerExample = wordsPerExample
    }

    /// The examples of a `.jsonl`, `.json` or `.txt` file, in the file's order; at least one.
    public func read(_ url: URL) throws(DataError) -> [Example] {
        let examples: [Example]
        switch url.pathExtension.lowercased() {
        case "jsonl", "json": examples = try rows(url)
        case "txt": examples = try text(url)
        default:
            guard FileManager.default.fileExists(atPath: url.path) else {
                throw .file(.missing(path: url.path, expected: "a file of examples"))
            }
            throw .unknownKind(path: url.path)
        }
        guard !examples.isEmpty else { throw .noExamples(path: url.path) }
        return examples
    }

    private func rows(_ url: URL) throws(DataError) -> [Example] {
        let rows = try DataError.reading { () throws(FormatError) in try JSONLines.read(url) }
        var examples: [Example] = []
        examples.reserveCapacity(rows.count)
        for row in rows {
            do throws(RowProblem) {
                examples.append(try Example(row: row.value))
            } catch {
                throw .row(path: url.path, line: row.line, problem: error.sentence)
            }
        }
        return examples
    }

    private func text(_ url: URL) throws(DataError) -> [Example] {
        let text = try DataError.reading { () throws(FormatError) in try TextFile.read(url) }
        return TextChunks(wordsPerChunk: wordsPerExample).cut(text).map { .text($0) }
    }
}

extension DataError {
    /// Runs `body`; what is wrong with a file's format is wrong with the data.
    fileprivate static func reading<Value>(_ body: () throws(FormatError) -> Value) throws(DataError) -> Value {
        do { return try body() } catch { throw .file(error) }
    }
}

/// What is wrong with one row.
private struct RowProblem: Error {
    let sentence: String
}

extension Example {
    /// The example that a row describes; members that are not part of its form are passed over.
    fileprivate init(row: JSONValue) throws(RowProblem) {
        guard let members = row.object else { throw RowProblem(sentence: "expected an object in braces") }
        func text(_ key: String) throws(RowProblem) -> String {
            guard let value = members[key] else { throw RowProblem(sentence: "'\(key)' is missing") }
            guard let text = value.string else { throw RowProblem(sentence: "'\(key)' is not text") }
            guard !text.isEmpty else { throw RowProblem(sentence: "'\(key)' is empty") }
            return text
        }
        if members["question"] != nil || members["answer"] != nil {
            self = .answer(question: try text("question"), answer: try text("answer"))
        } else if members["prompt"] != nil || members["completion"] != nil {
            self = .completion(prompt: try text("prompt"), completion: try text("completion"))
        } else if let messages = members["messages"] {
            self = .conversation(try Self.messages(messages))
        } else if members["text"] != nil {
            self = .text(try text("text"))
        } else {
            throw RowProblem(sentence: "it has none of the members of an example")
        }
    }

    private static func messages(_ value: JSONValue) throws(RowProblem) -> [ChatMessage] {
        guard let rows = value.array, !rows.isEmpty else {
            throw RowProblem(sentence: "'messages' is not a list of messages")
        }
        var messages: [ChatMessage] = []
        for (index, row) in rows.enumerated() {
            guard let role = row["role"]?.string.flatMap(ChatMessage.Role.init), let content = row["content"]?.string
            else {
                let roles = ChatMessage.Role.allCases.map(\.rawValue).joined(separator: ", ")
                throw RowProblem(
                    sentence: "message \(index + 1) needs a 'role' (one of \(roles)) and a 'content' that is text")
            }
            messages.append(ChatMessage(role, content))
        }
        guard messages.last?.role == .assistant else {
            throw RowProblem(sentence: "the last message is not the assistant's")
        }
        return messages
    }
}

/// Cuts text between paragraphs; a paragraph that is too long, between words.
struct TextChunks {
    let wordsPerChunk: Int

    /// Each chunk as it stands in the text, without white space at its ends and with "\n" alone as the end of a line.
    func cut(_ text: String) -> [String] {
        var chunks: [String] = []
        var current: (range: Range<String.Index>, words: Int)?
        func finish() {
            if let current { chunks.append(String(text[current.range]).withLineFeeds) }
            current = nil
        }
        for piece in paragraphs(text).flatMap({ pieces(of: $0, in: text) }) {
            if let open = current, open.words + piece.words <= wordsPerChunk {
                current = (open.range.lowerBound..<piece.range.upperBound, open.words + piece.words)
            } else {
                finish()
                current = piece
            }
        }
        finish()
        return chunks
    }

    /// The words of each paragraph; a line of white space alone ends one.
    private func paragraphs(_ text: String) -> [[Range<String.Index>]] {
        var paragraphs: [[Range<String.Index>]] = [[]]
        for line in text.lines {
            let words = line.split(whereSeparator: \.isWhitespace).map { $0.startIndex..<$0.endIndex }
            if words.isEmpty { paragraphs.append([]) } else { paragraphs[paragraphs.count - 1] += words }
        }
        return paragraphs.filter { !$0.isEmpty }
    }

    private func pieces(
        of words: [Range<String.Index>], in text: String
    ) -> [(range: Range<String.Index>, words: Int)] {
        stride(from: 0, to: words.count, by: wordsPerChunk).map { start in
            let last = min(start + wordsPerChunk, words.count) - 1
            return (words[start].lowerBound..<words[last].upperBound, last + 1 - start)
        }
    }
}

extension String {
    /// The text without carriage returns: whatever system it comes from, a model learns one end of a line.
    fileprivate var withLineFeeds: String {
        guard utf8.contains(UInt8(ascii: "\r")) else { return self }
        let text = lines.joined(separator: "\n")
        return String(decoding: text.utf8.map { $0 == UInt8(ascii: "\r") ? UInt8(ascii: "\n") : $0 }, as: UTF8.self)
    }
}
