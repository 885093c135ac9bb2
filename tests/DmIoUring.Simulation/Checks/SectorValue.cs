namespace DmIoUring.Simulation.Checks;

/// <summary>What a sector may hold.</summary>
/// <param name="Bytes">Where its bytes are; null for anything at all.</param>
/// <param name="Offset">Where in them the sector begins.</param>
/// <param name="Writer">The region that wrote it.</param>
/// <param name="Superseded">When a later write of the sector had ended well; until then a read may find it.</param>
/// <param name="Covered">The same for a write that no failed flush may have lost; a flush that was submitted later makes sure that it is gone.</param>
internal readonly record struct SectorValue(
    byte[]? Bytes, int Offset, ModelRegion? Writer, long Superseded = long.MaxValue, long Covered = long.MaxValue)
{
    /// <summary>Whether a part of the sector may be this.</summary>
    public bool Matches(int from, ReadOnlySpan<byte> part) =>
        Bytes is null || part.SequenceEqual(Bytes.AsSpan(Offset + from, part.Length));
}
