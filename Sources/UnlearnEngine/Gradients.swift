// Reverse-mode gradients, and the switch that says what is recorded.

internal import CTorch

/// Runs `body` without recording: nothing in it will be differentiated.
public func withoutRecording<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
    let before = ct_set_recording(false)
    defer { _ = ct_set_recording(before) }
    return try body()
}

extension Tensor {
    /// The gradient of this scalar with respect to each input. An input that it does not depend on yields `nil`. The
    /// recorded graph is freed.
    public func gradients(of inputs: [Tensor]) -> [Tensor?] {
        var results = [OpaquePointer?](repeating: nil, count: inputs.count)
        let handles = inputs.map { $0.handle }
        let status = ct_gradients(handle, handles, Int64(handles.count), &results)
        withExtendedLifetime((self, inputs)) {}
        guard status == 0 else { engineFailure("gradients", [self]) }
        return results.map { $0.map(Tensor.init(adopting:)) }
    }

    /// Adds the gradient of this scalar with respect to each input to what `sums` holds, in place: no second set of
    /// gradients is ever in memory. The recorded graph is freed.
    public func addGradients(of inputs: [Tensor], to sums: inout [Tensor?]) {
        precondition(inputs.count == sums.count, "addGradients: one sum or nil for each input")
        var results = [OpaquePointer?](repeating: nil, count: inputs.count)
        let handles = inputs.map { $0.handle }
        let before = sums.map { $0?.handle }
        let status = ct_add_gradients(handle, handles, Int64(handles.count), before, &results)
        withExtendedLifetime((self, inputs, sums)) {}
        guard status == 0 else { engineFailure("addGradients", [self]) }
        sums = results.map { $0.map(Tensor.init(adopting:)) }
    }
}
