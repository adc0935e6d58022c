// The operations on tensors, each one libtorch operator under its usual name.

internal import CTorch

/// Every operator is resolved once, at its first use.
private enum Aten {
    static let abs = Operator("abs")
    static let add = Operator("add", "Tensor")
    static let addScalar = Operator("add", "Scalar")
    static let addInPlace = Operator("add_", "Tensor")
    static let argmax = Operator("argmax")
    static let batchNorm = Operator("batch_norm")
    static let cat = Operator("cat")
    static let clamp = Operator("clamp")
    static let clone = Operator("clone")
    static let contiguous = Operator("contiguous")
    static let conv2d = Operator("conv2d")
    static let copyInPlace = Operator("copy_")
    static let cumsum = Operator("cumsum")
    static let detach = Operator("detach")
    static let divide = Operator("div", "Tensor")
    static let embedding = Operator("embedding", library: "unlearn")
    static let exp = Operator("exp")
    static let expand = Operator("expand")
    static let gather = Operator("gather")
    static let gatedLinear = Operator("gated_linear", library: "unlearn")
    static let gelu = Operator("gelu")
    static let headDivergence = Operator("head_divergence", library: "unlearn")
    static let indexFill = Operator("index_fill", "int_Scalar")
    static let indexSelect = Operator("index_select")
    static let isFinite = Operator("isfinite")
    static let all = Operator("all")
    static let linear = Operator("linear", library: "unlearn")
    static let log = Operator("log")
    static let logSigmoid = Operator("log_sigmoid")
    static let logSoftmax = Operator("log_softmax", "int")
    static let matmul = Operator("matmul")
    static let lessOrEqual = Operator("le", "Tensor")
    static let max = Operator("max")
    static let maxPool2d = Operator("max_pool2d")
    static let mean = Operator("mean", "dim")
    static let meanAll = Operator("mean")
    static let minimum = Operator("minimum")
    static let multiply = Operator("mul", "Tensor")
    static let multiplyScalar = Operator("mul", "Scalar")
    static let multiplyInPlace = Operator("mul_", "Scalar")
    static let multiplyTensorInPlace = Operator("mul_", "Tensor")
    static let narrow = Operator("narrow")
    static let permute = Operator("permute")
    static let relu = Operator("relu")
    static let reshape = Operator("reshape")
    static let packedAttention = Operator("packed_attention", library: "unlearn")
    static let roundRows = Operator("round_rows", library: "unlearn")
    static let scaledDotProductAttention = Operator("scaled_dot_product_attention")
    static let silu = Operator("silu")
    static let siluProduct = Operator("silu_product", library: "unlearn")
    static let slice = Operator("slice", "Tensor")
    static let softmax = Operator("softmax", "int")
    static let sort = Operator("sort")
    static let sqrt = Operator("sqrt")
    static let square = Operator("square")
    static let stack = Operator("stack")
    static let subtract = Operator("sub", "Tensor")
    static let sum = Operator("sum")
    static let sumAlong = Operator("sum", "dim_IntList")
    static let targetLogProbability = Operator("target_log_probability", library: "unlearn")
    static let toType = Operator("to", "dtype")
    static let topK = Operator("topk")
    static let transpose = Operator("transpose", "int")
    static let zeros = Operator("zeros")
}

// MARK: - Making

extension Tensor {
    public static func zeros(_ shape: Shape) -> Tensor {
        Aten.zeros(.ints(shape), .int(Int(ElementType.float32.rawValue)))
    }

    public init(_ scalar: Float) { self.init([scalar], shape: []) }
}

// MARK: - Arithmetic, with the usual broadcasting

extension Tensor {
    public static func + (a: Tensor, b: Tensor) -> Tensor { Aten.add(.tensor(a), .tensor(b)) }
    public static func - (a: Tensor, b: Tensor) -> Tensor { Aten.subtract(.tensor(a), .tensor(b)) }
    public static func * (a: Tensor, b: Tensor) -> Tensor { Aten.multiply(.tensor(a), .tensor(b)) }
    public static func / (a: Tensor, b: Tensor) -> Tensor { Aten.divide(.tensor(a), .tensor(b)) }
    public static func + (a: Tensor, b: Double) -> Tensor { Aten.addScalar(.tensor(a), .double(b)) }
    public static func * (a: Tensor, b: Double) -> Tensor { Aten.multiplyScalar(.tensor(a), .double(b)) }
    public static func * (a: Double, b: Tensor) -> Tensor { b * a }
    public static prefix func - (a: Tensor) -> Tensor { a * -1 }

    public func abs() -> Tensor { Aten.abs(.tensor(self)) }
    public func exp() -> Tensor { Aten.exp(.tensor(self)) }
    public func log() -> Tensor { Aten.log(.tensor(self)) }
    public func sqrt() -> Tensor { Aten.sqrt(.tensor(self)) }
    public func square() -> Tensor { Aten.square(.tensor(self)) }
    public func relu() -> Tensor { Aten.relu(.tensor(self)) }
    public func silu() -> Tensor { Aten.silu(.tensor(self)) }
    /// `silu() * other`, which keeps no third tensor for the gradients of both.
    public func siluProduct(_ other: Tensor) -> Tensor { Aten.siluProduct(.tensor(self), .tensor(other)) }
    public func gelu() -> Tensor { Aten.gelu(.tensor(self)) }
    /// GELU by its approximation with tanh.
    public func geluTanh() -> Tensor { Aten.gelu(.tensor(self), .string("tanh")) }
    public func clamp(atLeast minimum: Double) -> Tensor { Aten.clamp(.tensor(self), .double(minimum)) }
    public func logSigmoid() -> Tensor { Aten.logSigmoid(.tensor(self)) }

    /// Adds in place; for gradients and parameters, never for recorded values.
    public func add(inPlace other: Tensor, scaledBy scale: Double = 1) {
        Aten.addInPlace.run(.tensor(self), .tensor(other), .double(scale))
    }

    public func multiply(inPlace scale: Double) { Aten.multiplyInPlace.run(.tensor(self), .double(scale)) }
    public func multiply(inPlace other: Tensor) { Aten.multiplyTensorInPlace.run(.tensor(self), .tensor(other)) }

    /// The smaller of both, element by element.
    public func minimum(_ other: Tensor) -> Tensor { Aten.minimum(.tensor(self), .tensor(other)) }
    /// 1 where this is at most `other`, element by element, and 0 elsewhere.
    public func isAtMost(_ other: Tensor) -> Tensor {
        Aten.lessOrEqual(.tensor(self), .tensor(other)).to(.float32)
    }

    /// Overwrites the elements with those of `other`.
    public func copy(from other: Tensor) { Aten.copyInPlace.run(.tensor(self), .tensor(other)) }
}

// MARK: - Reductions

extension Tensor {
    public func sum() -> Tensor { Aten.sum(.tensor(self)) }
    public func sum(along dimension: Int, keeping: Bool = false) -> Tensor {
        Aten.sumAlong(.tensor(self), .ints([dimension]), .bool(keeping))
    }
    public func mean() -> Tensor { Aten.meanAll(.tensor(self)) }
    public func mean(along dimension: Int, keeping: Bool = false) -> Tensor {
        Aten.mean(.tensor(self), .ints([dimension]), .bool(keeping))
    }
    public func max() -> Tensor { Aten.max(.tensor(self)) }
    /// The index of the largest element along the dimension, int64.
    public func argmax(along dimension: Int) -> Tensor { Aten.argmax(.tensor(self), .int(dimension)) }
    public func cumulativeSum(along dimension: Int) -> Tensor { Aten.cumsum(.tensor(self), .int(dimension)) }
    public var isFinite: Bool { Aten.all(.tensor(Aten.isFinite(.tensor(self)))).scalars(Bool.self)[0] }

    /// Over the last dimension.
    public func softmax() -> Tensor { Aten.softmax(.tensor(self), -1) }
    /// Over the last dimension.
    public func logSoftmax() -> Tensor { Aten.logSoftmax(.tensor(self), -1) }

    /// The `count` largest elements along the last dimension, largest first, and their indices.
    public func top(_ count: Int) -> (values: Tensor, indices: Tensor) {
        let results = Aten.topK.all(.tensor(self), .int(count), capacity: 2)
        return (results[0], results[1])
    }

    /// The elements along the last dimension, largest first, and where they came from.
    public func sortedDescending() -> (values: Tensor, indices: Tensor) {
        let results = Aten.sort.all(.tensor(self), -1, true, capacity: 2)
        return (results[0], results[1])
    }
}

// MARK: - Shape

extension Tensor {
    public func reshape(_ shape: Shape) -> Tensor { Aten.reshape(.tensor(self), .ints(shape)) }
    public func expand(_ shape: Shape) -> Tensor { Aten.expand(.tensor(self), .ints(shape)) }
    public func transpose(_ a: Int, _ b: Int) -> Tensor { Aten.transpose(.tensor(self), .int(a), .int(b)) }
    public func permute(_ order: [Int]) -> Tensor { Aten.permute(.tensor(self), .ints(order)) }
    public func contiguous() -> Tensor { Aten.contiguous(.tensor(self)) }
    /// A view of `count` entries of a dimension.
    public func narrow(_ dimension: Int, from start: Int, count: Int) -> Tensor {
        Aten.narrow(.tensor(self), .int(dimension), .int(start), .int(count))
    }
    public static func concatenate(_ tensors: [Tensor], along dimension: Int = 0) -> Tensor {
        Aten.cat(.tensors(tensors), .int(dimension))
    }
    /// Along a new first dimension.
    public static func stack(_ tensors: [Tensor]) -> Tensor { Aten.stack(.tensors(tensors)) }
    /// The same elements in another type; the tensor itself if it has that type already.
    public func to(_ type: ElementType) -> Tensor { Aten.toType(.tensor(self), .int(Int(type.rawValue))) }
}

// MARK: - Choosing elements

extension Tensor {
    /// The rows (or columns, …) named by an int64 vector.
    public func select(_ indices: Tensor, along dimension: Int = 0) -> Tensor {
        Aten.indexSelect(.tensor(self), .int(dimension), .tensor(indices))
    }
    /// One element per position of `indices` along the dimension.
    public func gather(_ indices: Tensor, along dimension: Int) -> Tensor {
        Aten.gather(.tensor(self), .int(dimension), .tensor(indices))
    }
    /// A copy in which the entries named by an int64 vector hold `value`.
    public func filling(_ indices: Tensor, along dimension: Int, with value: Double) -> Tensor {
        Aten.indexFill(.tensor(self), .int(dimension), .tensor(indices), .double(value))
    }
    /// Rows of an embedding table `[vocabulary, width]` for int64 ids of any shape, in single precision.
    /// With tied embeddings the gradient of the rows that were read is added to the head's in place.
    public func embedding(_ ids: Tensor) -> Tensor { Aten.embedding(.tensor(self), .tensor(ids)) }
}

// MARK: - Products

extension Tensor {
    public func matmul(_ other: Tensor) -> Tensor { Aten.matmul(.tensor(self), .tensor(other)) }

    /// `self · weightᵀ + bias`; self `[…, in]`, weight `[out, in]`.
    public func linear(_ weight: Tensor, bias: Tensor? = nil) -> Tensor {
        let product = Aten.linear(.tensor(self), .tensor(weight))
        return bias.map { product + $0 } ?? product
    }

    /// This matrix `[out, in]` in eight bits, with one scale for each row: a weight for ``linear(_:bias:)`` that is a
    /// quarter as much to read. Rows must be a multiple of 16 wide; products with it are not recorded for gradients.
    public func roundedRows() -> Tensor { Aten.roundRows(.tensor(self)) }

    /// `(silu(self) · other) · weightᵀ`; self and other `[…, in]`, weight `[out, in]`. For its gradients no more is kept
    /// than these.
    public func gatedLinear(_ other: Tensor, _ weight: Tensor) -> Tensor {
        Aten.gatedLinear(.tensor(self), .tensor(other), .tensor(weight))
    }

    /// log q of the tokens `targets [rows]`, `[rows]`, where `head [vocabulary, width]` makes the distributions q of
    /// these states `[rows, width]`; no matrix `[rows, vocabulary]` is made that the head's gradient does not need.
    public func targetLogProbabilities(_ head: Tensor, _ targets: Tensor) -> Tensor {
        Aten.targetLogProbability(.tensor(self), .tensor(head), .tensor(targets))
    }

    /// KL(original ‖ model) averaged over rows, of the distributions that the heads make of states `[rows, width]`; with
    /// gradients for these states and for `head`, and memory as above.
    public func divergence(_ head: Tensor, fromStates original: Tensor, _ originalHead: Tensor) -> Tensor {
        Aten.headDivergence(.tensor(original), .tensor(originalHead), .tensor(self), .tensor(head))
    }

    /// Soft-max attention, scaled by 1/√width. query `[rows, heads, time, width]`, key and value
    /// `[rows, heads, context, width]`; `mask` is added to the scores, `[rows or 1, heads or 1, time, context]`.
    public static func attention(query: Tensor, key: Tensor, value: Tensor, mask: Tensor?) -> Tensor {
        Aten.scaledDotProductAttention(
            .tensor(query), .tensor(key), .tensor(value), mask.map(Argument.tensor) ?? .none)
    }

    /// Causal attention of sequences that stand one behind another in a row: `prefix` tokens that all begin with, then
    /// those that are each one's own, as many as `lengths` says. query `[1, heads, time, width]`, key and value
    /// `[1, sharedHeads, time, width]` → `[1, time, heads · width]`. Each sequence is read for itself.
    public static func packedAttention(
        query: Tensor, key: Tensor, value: Tensor, prefix: Int, lengths: [Int]
    ) -> Tensor {
        Aten.packedAttention(.tensor(query), .tensor(key), .tensor(value), .int(prefix), .ints(lengths))
    }
}

// MARK: - Images, `[images, channels, height, width]`

extension Tensor {
    /// Correlation with `weight [out, in, height, width]`.
    ///
    /// A kernel of one pixel reads every `stride`th pixel alone, so the others are left out beforehand: oneDNN's own
    /// stride computes a wrong weight gradient there and writes behind its memory, for 2 to 7 channels on processors
    /// without AVX-512 (oneDNN issue 6035).
    public func convolved(with weight: Tensor, bias: Tensor? = nil, stride: Int, padding: Int) -> Tensor {
        convolved(with: weight, bias: bias, stride: stride, rows: padding, columns: padding)
    }

    /// The same with so many rows of zeros above and below, and columns at each side.
    public func convolved(with weight: Tensor, bias: Tensor? = nil, stride: Int, rows: Int, columns: Int) -> Tensor {
        let isOnePixel = weight.shape[2...] == [1, 1] && rows == 0 && columns == 0
        let (image, stride) = isOnePixel && stride > 1 ? (everyPixel(by: stride), 1) : (self, stride)
        return Aten.conv2d(
            .tensor(image), .tensor(weight), bias.map(Argument.tensor) ?? .none, .ints([stride, stride]),
            .ints([rows, columns]))
    }

    /// Every `step`th row and column, from the first on; channels stay where they are in memory.
    private func everyPixel(by step: Int) -> Tensor {
        let cut = [2, 3].reduce(self) { Aten.slice(.tensor($0), .int($1), .int(0), .int(.max), .int(step)) }
        return Aten.clone(.tensor(cut))
    }

    public func maxPooled(size: Int, stride: Int, padding: Int = 0) -> Tensor {
        Aten.maxPool2d(.tensor(self), .ints([size, size]), .ints([stride, stride]), .ints([padding, padding]))
    }

    /// The mean over each channel's pixels, `[images, channels]`.
    public func globalMean() -> Tensor { Aten.mean(.tensor(self), .ints([2, 3]), .bool(false)) }

    /// Batch normalisation: by the batch's own statistics while training, which also moves the running ones by
    /// `momentum`; by the running ones otherwise.
    public func batchNormalized(
        weight: Tensor, bias: Tensor, runningMean: Tensor, runningVariance: Tensor, training: Bool,
        momentum: Double, epsilon: Double
    ) -> Tensor {
        Aten.batchNorm(
            .tensor(self), .tensor(weight), .tensor(bias), .tensor(runningMean), .tensor(runningVariance),
            .bool(training), .double(momentum), .double(epsilon), false)
    }
}

// MARK: - Comparison and recording

extension Tensor {
    /// Whether shape, type and every element agree.
    public func isIdentical(to other: Tensor) -> Bool {
        shape == other.shape && type == other.type
            && withBytes { a in other.withBytes { b in a.elementsEqual(b) } }
    }

    /// The same values, cut off from the recorded graph.
    public func detached() -> Tensor { Aten.detach(.tensor(self)) }

    /// Turns the elements into single precision in place, for everyone who holds this tensor.
    func widen() {
        guard type != .float32 else { return }
        if ct_widen(handle) != 0 { engineFailure("widen", [self]) }
    }

    /// Whether operations on this tensor are recorded for gradients.
    public var requiresGradient: Bool {
        get { ct_requires_grad(handle) }
        nonmutating set {
            if ct_set_requires_grad(handle, newValue) != 0 { engineFailure("requiresGradient", [self]) }
        }
    }
}
