namespace DmIoUring.DeviceCheck;

/// <summary>A device under test, and the path that its bytes are read by beside it.</summary>
/// <param name="path">The device; with <c>=PATH</c> behind it, the block device of the same medium.</param>
internal sealed class Target(string path) : IDisposable
{
    private const int Piece = 1 << 20;
    private static readonly DmIoClient Reader = new(new DmIoOptions { Ring = IoRingKind.Workers, WorkerThreads = 1 });
    private readonly string _beside = path.Contains('=', StringComparison.Ordinal) ? path[(path.IndexOf('=', StringComparison.Ordinal) + 1)..] : path;

    public BlockDevice Device { get; } = BlockDevice.Open(path.Split('=')[0]);

    public IoRegion Region(long sector, long count) => new(Device, sector, count);

    /// <summary>Reads by the block device's own system call, one pread a piece.</summary>
    public void ReadBeside(long sector, byte[] into)
    {
        using BlockDevice device = BlockDevice.Open(_beside, DeviceAccess.Read);
        using IoMemory memory = IoMemory.Allocate((into.Length + 8191) & ~4095);
        long first = sector & ~7;
        int skip = (int)(sector - first) * IoRegion.SectorSize;
        int length = (skip + into.Length + 4095) & ~4095;
        for (int done = 0; done < length; done += Piece)
        {
            int piece = Math.Min(Piece, length - done);
            IoResult result = Reader.Read(new IoRegion(device, first + (done / IoRegion.SectorSize), piece / IoRegion.SectorSize), memory.Memory.Slice(done, piece));
            if (!result.IsSuccess)
                throw new CheckFailedException($"{_beside} can't be read: {result}");
        }

        memory.GetSpan().Slice(skip, into.Length).CopyTo(into);
    }

    public void Dispose() => Device.Dispose();
}
