namespace DmIoUring.Testing;

/// <summary>A sector as a write left it.</summary>
/// <param name="Sector">Its number.</param>
/// <param name="Write">The number of the write.</param>
/// <param name="Bytes">Its bytes.</param>
internal readonly record struct WrittenSector(long Sector, long Write, byte[] Bytes);
