// Checks what progress looks like on a terminal and in a log. Times are passed in, so nothing here waits.
import Testing
import UnlearnEngine
import UnlearnKit

@Suite struct ProgressTests {
    private func event(_ done: Int, _ total: Int? = 34) -> ProgressEvent {
        ProgressEvent(stage: "Training", done: done, total: total, unit: "steps")
    }

    @Test func whatIsOverWithinTwoSecondsIsNotShown() {
        var renderer = ProgressRenderer(isTerminal: true)
        #expect(renderer.render(event(0), at: 10) == nil)
        #expect(renderer.render(event(20), at: 11) == nil)
        #expect(renderer.render(event(34), at: 11.9) == nil)
        #expect(renderer.close() == "")
    }

    @Test func aTerminalRewritesItsLine() {
        var renderer = ProgressRenderer(isTerminal: true)
        _ = renderer.render(event(0), at: 0)
        #expect(renderer.render(event(4), at: 16) == "\r\u{1B}[2KTraining: 4/34 steps, 0.25 steps/s, 2 min 0 s left")
        #expect(renderer.render(event(5), at: 16.05) == nil)
        #expect(renderer.render(event(34), at: 17) == "\r\u{1B}[2KTraining: 34/34 steps, 2.0 steps/s\n")
    }

    @Test func aLogGetsALineEveryFewSeconds() {
        var renderer = ProgressRenderer(isTerminal: false)
        _ = renderer.render(event(0), at: 0)
        #expect(renderer.render(event(2), at: 2) == "Training: 2/34 steps, 1.0 steps/s, 32 s left\n")
        #expect(renderer.render(event(6), at: 6) == nil)
        #expect(renderer.render(event(14), at: 7) == "Training: 14/34 steps, 2.0 steps/s, 10 s left\n")
    }

    @Test func aNewStageBeginsAnew() {
        var renderer = ProgressRenderer(isTerminal: true)
        _ = renderer.render(event(0), at: 0)
        _ = renderer.render(event(4), at: 16)
        #expect(renderer.render(ProgressEvent(stage: "Saving", done: 0, total: nil, unit: "files"), at: 17) == "\n")
        #expect(
            renderer.render(ProgressEvent(stage: "Saving", done: 300, total: nil, unit: "files"), at: 20)
                == "\r\u{1B}[2KSaving: 300 files, 100 files/s")
    }

    @Test func noProgressPromisesNoEnd() {
        var renderer = ProgressRenderer(isTerminal: false)
        _ = renderer.render(event(0), at: 0)
        #expect(renderer.render(event(0), at: 9) == "Training: 0/34 steps\n")
    }
}
