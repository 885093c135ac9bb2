namespace DmIoUring.Testing;

/// <summary>A sector as a write left it.</summary>
/// <param name="Sector">Its number.</param>
/// <param name="Write">The number of the write.</param>
/// <param name="Bytes">Its bytes; empty for zeroes.</param>
internal readonly record struct WrittenSector(long Sector, long Write, byte[] Bytes)
{
    public static WrittenSector Of(long sector, long write, ReadOnlySpan<byte> bytes) => new(sector, write, bytes.ContainsAnyExcept((byte)0) ? bytes.ToArray() : []);

    public void CopyTo(Span<byte> sector)
    {
        Bytes.CopyTo(sector);
        sector[Bytes.Length..].Clear();
    }

    /// <summary>The bytes from a position on are zeroes from now on, in every copy of this value.</summary>
    public void ClearFrom(int position)
    {
        if (Bytes.Length > 0)
            Bytes.AsSpan(position).Clear();
    }
}
