// The state of a training in the folder of its run: kept whole or not at all, and gone when the run is finished.
import Foundation
import UnlearnEngine
import UnlearnFormats
import UnlearnMethods

extension RunDirectory {
    /// Lets `body` train, from where an interrupted training stood. If something cannot be written, it stops: the run goes
    /// on later from the state that was kept last.
    func training<Value>(
        _ body: (Course) throws -> Value
    ) throws -> Value {
        var failure: (any Error)?
        func attempt(_ body: () throws -> Void) {
            // What comes after a failure would leave a gap.
            guard failure == nil else { return }
            do { try body() } catch { failure = error }
        }
        let resumption = Resumption(
            from: try trainingState(), goesOn: { failure == nil },
            keep: { state in attempt { try self.keep(state) } })
        try forgetEvents(from: resumption.state?.step ?? 0)
        let value: Value
        do {
            value = try body(
                Course(resumption: resumption, onStep: { event in attempt { try self.append(event: event) } }))
        } catch { throw failure ?? error }
        if let failure { throw failure }
        return value
    }

    /// Keeps the state of the training in place of an earlier one.
    func keep(_ state: TrainingState) throws {
        let headers = state.tensors.map { SafetensorsWriter.Tensor($0.name, .float32, $0.tensor.shape) }
        var writer = try SafetensorsWriter(trainingFile, headers, metadata: ["step": "\(state.step)"])
        for (_, tensor) in state.tensors {
            try tensor.contiguous().withBytes { try writer.append($0) }
        }
        try writer.commit()
    }

    /// The state that was kept last; nil if there is none.
    func trainingState() throws -> TrainingState? {
        guard FileManager.default.fileExists(atPath: trainingFile.path) else { return nil }
        let file = try SafetensorsFile(trainingFile)
        guard let step = file.metadata["step"].flatMap({ Int($0) }), step >= 0 else {
            throw KitError.changed(path: url.path, what: "the kept state of its training")
        }
        var tensors: [(name: String, tensor: Tensor)] = []
        for name in file.names {
            guard let entry = file.entries[name], entry.type == .float32 else {
                throw KitError.changed(path: url.path, what: "the kept state of its training")
            }
            let bytes = try file.bytes(of: name)
            tensors.append((name, Tensor(copying: bytes, shape: entry.shape, type: .float32)))
        }
        return TrainingState(step: step, tensors: tensors)
    }

    /// Drops the events of steps that will be done again, and a last line that was not written whole.
    func forgetEvents(from step: Int) throws {
        guard FileManager.default.fileExists(atPath: eventsFile.path) else { return }
        let text = try systemCall("read", eventsFile) { try Data(contentsOf: eventsFile) }
        let lines = text.split(separator: UInt8(ascii: "\n")).prefix(step)
        let kept = Data(lines.flatMap { $0 + [UInt8(ascii: "\n")] })
        try AtomicFile.write(kept, to: eventsFile)
    }
}
