namespace DmIoUring.ScratchDevices;

/// <summary>A sector as it was when a flush came.</summary>
/// <param name="Sector">Its number.</param>
/// <param name="Write">The number of the write that it is from.</param>
/// <param name="Bytes">Its bytes.</param>
internal readonly record struct WrittenSector(int Sector, long Write, byte[] Bytes);
