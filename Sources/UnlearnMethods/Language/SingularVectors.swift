// The directions of a matrix that matter most, and matrices with less of them.

internal import UnlearnEngine

/// The largest singular values σ of a matrix, with the directions u and v that belong to them.
struct SingularVectors {
    /// U `[rows, count]`, float64.
    let left: Tensor
    /// V `[columns, count]`, float64.
    let right: Tensor
    /// σ `[count]`, smallest first, float64.
    let values: Tensor

    /// Below this share of the largest value it is single precision that speaks.
    private static let least = 1e-6

    /// By the eigenvectors of the smaller of both Gram matrices, as σ² are its eigenvalues.
    /// - Parameters:
    ///   - matrix: `[rows, columns]`, not all zero.
    ///   - count: how many there are at most; those that are as good as zero are left out.
    init(of matrix: Tensor, count: Int) {
        (left, right, values) = withoutRecording {
            let matrix = matrix.to(.float64)
            let isTall = matrix.shape[0] >= matrix.shape[1]
            let turned = matrix.transpose(0, 1)
            let (squares, vectors) = (isTall ? turned.matmul(matrix) : matrix.matmul(turned)).symmetricEigen()
            let all = squares.scalars(Double.self)
            let limit = (all.last ?? 0) * Self.least * Self.least
            let kept = min(count, all.count { $0 > limit })
            precondition(kept > 0, "SingularVectors: the matrix is zero")
            let values = squares.narrow(0, from: all.count - kept, count: kept).sqrt()
            let own = vectors.narrow(1, from: all.count - kept, count: kept)
            let other = (isTall ? matrix : turned).matmul(own) / values
            return isTall ? (other, own, values) : (own, other, values)
        }
    }

    /// The matrix that they belong to, each value σ divided by σ / σ_min on both sides, σ_min the smallest kept:
    /// M − U (σ − σ_min² / σ) Vᵀ. What they do not hold stays.
    func damped(_ matrix: Tensor) -> Tensor {
        withoutRecording {
            let least = values.narrow(0, from: 0, count: 1)
            let less = values - least.square() / values
            return (matrix.to(.float64) - (left * less).matmul(right.transpose(0, 1))).to(.float32)
        }
    }

    /// (I − UUᵀ) M (I − VVᵀ) of another matrix M of that shape: nothing that reads or writes these directions.
    func removed(from matrix: Tensor) -> Tensor {
        withoutRecording {
            let matrix = matrix.to(.float64)
            let rows = matrix - left.matmul(left.transpose(0, 1).matmul(matrix))
            return (rows - rows.matmul(right).matmul(right.transpose(0, 1))).to(.float32)
        }
    }
}
