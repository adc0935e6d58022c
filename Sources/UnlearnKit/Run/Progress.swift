// Shows progress on a terminal or in a log: how far, how fast, how long still. Nothing for what is over at once.
public import Foundation
public import UnlearnEngine

/// Turns notes of progress into text. Pure: the time is passed in, the text is handed back.
public struct ProgressRenderer: Sendable {
    /// Stages shorter than this are never shown.
    public static let quietSeconds = 2.0
    /// Whether the line is rewritten in place, or a new one is written now and then.
    public let isTerminal: Bool
    /// The least time between two writings.
    private let interval: Double
    private var stage: String?
    private var startTime = 0.0
    private var startDone = 0
    private var lastWrite: Double?

    public init(isTerminal: Bool) {
        self.isTerminal = isTerminal
        interval = isTerminal ? 0.1 : 5
    }

    /// The text to write for `event` at `time` (seconds from any fixed point), if any.
    public mutating func render(_ event: ProgressEvent, at time: Double) -> String? {
        var text = ""
        if event.stage != stage {
            text = close()
            stage = event.stage
            (startTime, startDone, lastWrite) = (time, event.done, nil)
        }
        let elapsed = time - startTime
        let isOver = event.total.map { event.done >= $0 } ?? false
        let isDue = lastWrite.map { time - $0 >= interval } ?? true
        if elapsed >= Self.quietSeconds, isDue || isOver {
            lastWrite = time
            let line = Self.line(event, rate: Double(event.done - startDone) / elapsed)
            text += isTerminal ? "\r\u{1B}[2K" + line : line + "\n"
        }
        if isOver {
            text += close()
            stage = nil
        }
        return text.isEmpty ? nil : text
    }

    /// Ends a line that is being rewritten in place, if there is one.
    public mutating func close() -> String {
        defer { lastWrite = nil }
        return isTerminal && lastWrite != nil ? "\n" : ""
    }

    /// "Training: 12/34 steps, 0.2 steps/s, 1 min 50 s left".
    static func line(_ event: ProgressEvent, rate: Double) -> String {
        var text = "\(event.stage): \(event.done)" + (event.total.map { "/\($0)" } ?? "") + " \(event.unit)"
        guard rate > 0, rate.isFinite else { return text }
        text += ", \(significant(rate)) \(event.unit)/s"
        if let total = event.total, total > event.done {
            text += ", \(DurationText.words(Double(total - event.done) / rate)) left"
        }
        return text
    }

    /// A rate with the digits that matter: "0.23", "4.1", "137".
    private static func significant(_ rate: Double) -> String {
        String(format: rate < 1 ? "%.2f" : rate < 10 ? "%.1f" : "%.0f", rate)
    }
}

/// Writes progress to a file handle, usually standard error. Hand `report` to whatever takes a progress closure.
public final class ProgressReporter {
    private var renderer: ProgressRenderer
    private let output: FileHandle
    private let start = ContinuousClock.now

    public init(output: FileHandle = .standardError, isTerminal: Bool? = nil) {
        self.output = output
        renderer = ProgressRenderer(isTerminal: isTerminal ?? (isatty(output.fileDescriptor) == 1))
    }

    /// Takes a note of progress and shows it if it is time to.
    public func report(_ event: ProgressEvent) {
        let time = (ContinuousClock.now - start) / .seconds(1)
        if let text = renderer.render(event, at: time) { write(text) }
    }

    /// Ends the current line. Call before anything else is written to the same terminal.
    public func finish() {
        write(renderer.close())
    }

    private func write(_ text: String) {
        guard !text.isEmpty else { return }
        // Progress is a courtesy: a closed terminal must not end a run.
        try? output.write(contentsOf: Data(text.utf8))
    }
}
