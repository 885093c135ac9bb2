using DmIoUring.Devices;
using DmIoUring.Interop;
using Microsoft.Win32.SafeHandles;

namespace DmIoUring.Simulation.Kernel;

/// <summary>
/// A disk with a volatile cache over what survives a power cut, both in sectors of 512 bytes, and with sectors that fail or
/// are busy. It is opened many times, so that an entry's descriptor tells whose flush it is.
/// </summary>
internal sealed class SimulatedDisk
{
    /// <summary>More than a process has files, so that a system call that gets out by mistake finds nothing.</summary>
    private const int FirstDescriptor = 1 << 24;

    public const int DescriptorsPerDisk = 1024;
    private readonly byte[] _durable;
    private readonly bool[] _dirty;

    /// <summary>Sectors whose last write a failed flush has lost: reads find it until the power goes.</summary>
    private readonly bool[] _lost;
    private readonly DeviceDurability _durability = new();

    /// <summary>Counts the writes of each sector, and which of them is durable: nothing durable gives way to something older.</summary>
    private readonly int[] _writes;
    private readonly int[] _durableWrites;
    private readonly int[] _errnos;
    private readonly int[] _busy;
    private readonly List<BlockDevice> _handles = [];
    private readonly List<SafeFileHandle> _files = [];

    public SimulatedDisk(int index, Scenario scenario, SeededRandom random)
    {
        Index = index;
        Traits = DiskTraits.Choose(random);
        Content = new byte[Traits.Sectors * IoRegion.SectorSize];
        random.Fill(Content);
        Initial = [.. Content];
        _durable = [.. Content];
        _dirty = new bool[Traits.Sectors];
        _lost = new bool[Traits.Sectors];
        _writes = new int[Traits.Sectors];
        _durableWrites = new int[Traits.Sectors];
        _errnos = new int[Traits.Sectors];
        _busy = new int[Traits.Sectors];
        for (int i = 0; i < scenario.BadSectors; i++)
        {
            _errnos[random.Next(Traits.Sectors)] = random.Pick(
                Errno.EIO, Errno.EIO, Errno.ENODATA, Errno.EREMOTEIO, Errno.ENOSPC, Errno.EINVAL, Errno.EOPNOTSUPP);
        }

        for (int i = 0; i < scenario.BusySectors; i++)
            _busy[random.Next(Traits.Sectors)] = random.Pick(random.Next(1, 70), 63, 64, 65, int.MaxValue);
    }

    public int Index { get; }

    public DiskTraits Traits { get; }

    /// <summary>What reads see.</summary>
    public byte[] Content { get; }

    /// <summary>What was on it when the run began.</summary>
    public byte[] Initial { get; }

    public IReadOnlyList<SafeFileHandle> Files => _files;

    public ReadOnlySpan<byte> Sector(long sector) => Content.AsSpan((int)sector * IoRegion.SectorSize, IoRegion.SectorSize);

    /// <summary>The disk opened for the n-th time.</summary>
    public BlockDevice Open(int number)
    {
        while (_handles.Count <= number)
        {
            nint descriptor = FirstDescriptor + (Index * DescriptorsPerDisk) + _handles.Count;
            _files.Add(new SafeFileHandle(descriptor, ownsHandle: false));
            _handles.Add(new BlockDevice(FormattableString.Invariant($"disk{Index}.{_handles.Count}"), _files[^1], ownsHandle: true, Traits.ToGeometry(), _durability));
        }

        return _handles[number];
    }

    /// <summary>Whether the n-th opening can be used: it was not disposed.</summary>
    public bool IsOpen(int number) => number >= _handles.Count || !_handles[number].IsDisposed;

    /// <summary>Whether an opening is left that was not disposed.</summary>
    public bool HasOpenings => _handles.Exists(static handle => !handle.IsDisposed);

    /// <summary>Whether nobody has the n-th opening any more, and its descriptor could be another file's.</summary>
    public bool IsGone(int number) => _files[number].IsClosed;

    /// <summary>Disposes every opening.</summary>
    public void Close() => _handles.ForEach(static handle => handle.Dispose());

    /// <summary>The disk's index and the number of the opening; false for no disk's.</summary>
    public static bool TryParse(int descriptor, out int disk, out int opening)
    {
        disk = (descriptor - FirstDescriptor) / DescriptorsPerDisk;
        opening = (descriptor - FirstDescriptor) % DescriptorsPerDisk;
        return descriptor >= FirstDescriptor;
    }

    /// <summary>Whether a sector of the range wants to be tried again; asking brings it nearer to its end.</summary>
    public bool IsBusy(long offset, long length)
    {
        for (long sector = offset / IoRegion.SectorSize; sector * IoRegion.SectorSize < offset + length; sector++)
        {
            ref int busy = ref _busy[sector];
            if (busy == 0)
                continue;
            if (busy != int.MaxValue)
                busy--;
            return true;
        }

        return false;
    }

    /// <summary>The first sector of a range that fails.</summary>
    public bool TryFindBad(long offset, long length, out long at, out int errno)
    {
        for (long sector = offset / IoRegion.SectorSize; sector * IoRegion.SectorSize < offset + length; sector++)
        {
            if (_errnos[sector] == 0)
                continue;
            at = Math.Max(offset, sector * IoRegion.SectorSize);
            errno = _errnos[sector];
            return true;
        }

        at = 0;
        errno = 0;
        return false;
    }

    public void Write(long offset, ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Content.AsSpan((int)offset));
        for (long sector = offset / IoRegion.SectorSize; sector * IoRegion.SectorSize < offset + bytes.Length; sector++)
        {
            _dirty[sector] = true;
            _lost[sector] = false;
            _writes[sector]++;
            if (!Traits.HasVolatileCache)
                Keep(sector);
        }
    }

    /// <summary>RWF_DSYNC: this range and nothing else.</summary>
    public void Persist(long offset, long length)
    {
        for (long sector = offset / IoRegion.SectorSize; sector * IoRegion.SectorSize < offset + length; sector++)
            Keep(sector);
    }

    /// <summary>What a flush that begins now is bound to keep.</summary>
    public List<FlushedSector> BeginFlush()
    {
        List<FlushedSector> bound = [];
        for (int sector = 0; sector < _dirty.Length; sector++)
        {
            if (_dirty[sector])
                bound.Add(new FlushedSector(sector, _writes[sector], Sector(sector).ToArray()));
        }

        return bound;
    }

    /// <summary>Keeps what the flush found when it began, and nothing that came later.</summary>
    public void EndFlush(List<FlushedSector> bound)
    {
        foreach (FlushedSector flushed in bound)
        {
            // A FUA write or another flush was quicker with something newer.
            if (flushed.Write <= _durableWrites[flushed.Sector])
                continue;
            flushed.Bytes.CopyTo(_durable, flushed.Sector * IoRegion.SectorSize);
            _durableWrites[flushed.Sector] = flushed.Write;
            _dirty[flushed.Sector] = _writes[flushed.Sector] != flushed.Write;
        }
    }

    /// <summary>A failed flush loses what it was to keep.</summary>
    /// <returns>Whether it was still there to be lost.</returns>
    public bool TryLose(FlushedSector flushed)
    {
        if (flushed.Write != _writes[flushed.Sector] || flushed.Write <= _durableWrites[flushed.Sector])
            return false;
        _dirty[flushed.Sector] = false;
        _lost[flushed.Sector] = true;
        return true;
    }

    public ReadOnlySpan<byte> DurableSector(long sector) => _durable.AsSpan((int)sector * IoRegion.SectorSize, IoRegion.SectorSize);

    /// <summary>The embedder deals with a doubt.</summary>
    /// <returns>Whether there was one.</returns>
    public bool Acknowledge()
    {
        bool had = false;
        foreach (BlockDevice handle in _handles)
        {
            if (handle.Doubt is { } doubt)
                had |= handle.AcknowledgeDoubt(doubt);
        }

        return had;
    }

    /// <summary>Leaves what survives: of what was not flushed, a seeded part, sector by sector.</summary>
    public int CutPower(SeededRandom random)
    {
        int lost = 0;
        int percent = random.Pick(0, 50, 100);
        for (int sector = 0; sector < _dirty.Length; sector++)
        {
            if (!_lost[sector] && (!_dirty[sector] || random.Percent(percent)))
                continue;
            _durable.AsSpan(sector * IoRegion.SectorSize, IoRegion.SectorSize).CopyTo(Content.AsSpan(sector * IoRegion.SectorSize));
            lost++;
        }

        return lost;
    }

    private void Keep(long sector)
    {
        Sector(sector).CopyTo(_durable.AsSpan((int)sector * IoRegion.SectorSize));
        _durableWrites[sector] = _writes[sector];
        _dirty[sector] = false;
        _lost[sector] = false;
    }
}
