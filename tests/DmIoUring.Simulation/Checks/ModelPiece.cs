namespace DmIoUring.Simulation.Checks;

/// <summary>What is left of a chunk, as the answers to its entries demand it.</summary>
internal sealed class ModelPiece
{
    public long Offset { get; set; }

    public long Length { get; set; }

    /// <summary>Answers in a row that got it nowhere.</summary>
    public int Attempts { get; set; }

    public PieceState State { get; set; }
}
