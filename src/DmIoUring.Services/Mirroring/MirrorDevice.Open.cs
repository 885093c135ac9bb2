using System.Globalization;
using DmIoUring.Services.Mirroring;
using DmIoUring.Services.Mirroring.Metadata;

namespace DmIoUring.Services;

/// <content>Creating and opening.</content>
public sealed partial class MirrorDevice
{
    /// <summary>Makes a mirror of devices and opens it. What is on leg 0 stays and is the mirror's content, except at its end, where the metadata goes.</summary>
    /// <param name="client">Carries the requests; not disposed by the mirror.</param>
    /// <param name="legs">The devices, 2 to 64, open for reading and writing; not disposed by the mirror.</param>
    /// <param name="create">What it is like.</param>
    /// <param name="options">How it works.</param>
    /// <param name="cancellationToken">Cancels between two steps; a mirror that is half made is none.</param>
    /// <returns>The mirror. Unless <see cref="MirrorCreateOptions.AssumeEqual"/> is set, all legs but the first need a resync.</returns>
    /// <exception cref="ArgumentException">The number of legs or an option is invalid.</exception>
    /// <exception cref="MirrorException">A device can't be a leg, or its metadata could not be written; the message says which and why.</exception>
    /// <exception cref="ObjectDisposedException">The client or a device was disposed.</exception>
    public static async Task<MirrorDevice> CreateAsync(
        DmIoClient client, IReadOnlyList<BlockDevice> legs, MirrorCreateOptions? create = null, MirrorOptions? options = null, CancellationToken cancellationToken = default)
    {
        (create ??= new MirrorCreateOptions()).Validate(nameof(create));
        BlockDevice[] devices = Check(client, legs, options);
        for (int i = 0; i < devices.Length; i++)
            CheckLeg(devices[i], i);
        if (devices.Length < MinLegs)
            throw new ArgumentException(FormattableString.Invariant($"{devices.Length} legs: a mirror has {MinLegs} to {MaxLegs}."), nameof(legs));

        long sectors = create.Sectors != 0 ? create.Sectors : devices.Min(device => MirrorLayout.LargestOn(device.SectorCount, create));
        if (sectors <= 0)
            throw TooSmall(devices.MinBy(static device => device.SectorCount)!, MirrorLayout.BlockSectors, new MirrorLayout(MirrorLayout.BlockSectors, create.RegionSectorsFor(1)));
        MirrorLayout layout = new(sectors, create.RegionSectorsFor(sectors), create.LogInMemory);
        if (sectors / layout.RegionSectors >= int.MaxValue / 2)
            throw new ArgumentException(FormattableString.Invariant($"{sectors} sectors in regions of {layout.RegionSectors} are too many regions: make RegionSectors larger."), nameof(create));
        foreach (BlockDevice device in devices)
        {
            if (!layout.FitsOn(device.SectorCount))
                throw TooSmall(device, sectors, layout);
        }

        // What a device that is no leg on the medium had at its end before is data, and is overwritten as such.
        SuperblockReader reader = new(client);
        foreach (BlockDevice device in devices)
        {
            if (!create.Overwrite && await reader.FindAsync(device, cancellationToken).ConfigureAwait(false) is { } found)
            {
                throw new MirrorException(
                    MirrorRefusal.InUse, $"{found} belongs to mirror {found.Superblock.Mirror}. Open that, or set Overwrite: its metadata is lost then.");
            }
        }

        SuperblockEntry[] entries = [.. devices.Select((_, index) => new SuperblockEntry(
            Guid.NewGuid(), create.AssumeEqual || index == 0 ? RecordedState.InSync : RecordedState.LacksAll, LastChange: 0))];
        MirrorLeg[] made = [.. entries.Select((entry, index) => new MirrorLeg(index, entry, devices[index]))];
        MirrorDevice mirror = new(client, Guid.NewGuid(), layout, made, changes: 0, options ?? new MirrorOptions());
        await mirror.StartAsync(isNew: true, cancellationToken).ConfigureAwait(false);
        return mirror;
    }

    /// <summary>Opens a mirror that was created before.</summary>
    /// <param name="client">Carries the requests; not disposed by the mirror.</param>
    /// <param name="legs">Its devices, in any order, open for reading and writing; not disposed by the mirror.</param>
    /// <param name="open">What is allowed.</param>
    /// <param name="options">How it works.</param>
    /// <param name="cancellationToken">Cancels between two steps.</param>
    /// <returns>The mirror. When it was not closed, or legs lack writes, <see cref="NeedsResync"/> is set.</returns>
    /// <exception cref="ArgumentException">An option is invalid.</exception>
    /// <exception cref="MirrorException">The devices are no legs of one mirror, or it can't be told which of them is right; the message says what was found, and what to do.</exception>
    /// <exception cref="ObjectDisposedException">The client or a device was disposed.</exception>
    public static async Task<MirrorDevice> OpenAsync(
        DmIoClient client, IReadOnlyList<BlockDevice> legs, MirrorOpenOptions? open = null, MirrorOptions? options = null, CancellationToken cancellationToken = default)
    {
        open ??= new MirrorOpenOptions();
        BlockDevice[] devices = Check(client, legs, options);
        SuperblockReader reader = new(client);
        List<FoundLeg> found = [];
        foreach (BlockDevice device in devices)
            found.Add(await reader.ReadAsync(device, cancellationToken).ConfigureAwait(false));
        MirrorAssembly assembly = MirrorAssembly.Of(found, open);
        foreach (FoundLeg leg in found)
        {
            CheckLeg(leg.Device, leg.Superblock.Leg);
            if (!assembly.Authority.Layout.FitsOn(leg.Device.SectorCount))
                throw TooSmall(leg.Device, assembly.Authority.Layout.Sectors, assembly.Authority.Layout);
        }

        MirrorLeg[] made = [.. assembly.Entries.Select((entry, index) => new MirrorLeg(index, entry, assembly.Legs[index]?.Device))];
        MirrorDevice mirror = new(client, assembly.Authority.Mirror, assembly.Authority.Layout, made, assembly.Authority.Changes, options ?? new MirrorOptions());
        await mirror.LoadLogAsync(reader, cancellationToken).ConfigureAwait(false);
        foreach (MirrorLeg leg in made)
        {
            // Legs in sync that are missing lack what is written from now on.
            if (leg.Device is null && assembly.Entries[leg.Index].IsInSync)
                leg.LastChange = assembly.Authority.Changes;
        }

        await mirror.StartAsync(isNew: false, cancellationToken).ConfigureAwait(false);
        return mirror;
    }

    private static BlockDevice[] Check(DmIoClient client, IReadOnlyList<BlockDevice> legs, MirrorOptions? options)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(legs);
        options?.Validate(nameof(options));
        BlockDevice[] devices = [.. legs];
        if (devices.Length is 0 or > MaxLegs)
            throw new ArgumentException(FormattableString.Invariant($"{devices.Length} legs: a mirror has {MinLegs} to {MaxLegs}."), nameof(legs));
        for (int i = 0; i < devices.Length; i++)
        {
            ArgumentNullException.ThrowIfNull(devices[i], nameof(legs));
            for (int j = 0; j < i; j++)
            {
                if (devices[i].IsSameDeviceAs(devices[j]))
                    throw new MirrorException(MirrorRefusal.SameDevice, $"{devices[j].Path} and {devices[i].Path} are the same device: they fail together. Give each device once.");
            }
        }

        return devices;
    }

    private static void CheckLeg(BlockDevice device, int index)
    {
        string? why = device.IsReadOnly ? "is open for reading only: open it for writing too"
            : device.LogicalBlockSize > MirrorLayout.BlockBytes ? string.Create(CultureInfo.InvariantCulture, $"has logical blocks of {device.LogicalBlockSize} bytes, and a mirror's are at most {MirrorLayout.BlockBytes}")
            : device.IsZoned ? "has zones, which must be written in order"
            : null;
        if (why is not null)
            throw new MirrorException(MirrorRefusal.Unsuitable, string.Create(CultureInfo.InvariantCulture, $"Leg {index}, {device.Path}, {why}."));
    }

    private static MirrorException TooSmall(BlockDevice device, long sectors, MirrorLayout layout) => new(MirrorRefusal.Unsuitable, string.Create(
        CultureInfo.InvariantCulture,
        $"{device.Path} has {device.SectorCount} sectors; {sectors} of data and {layout.MetadataSectors} of metadata do not fit. Give a larger device, or make the mirror smaller."));

    /// <summary>What was dirty when the mirror was last written may differ between the legs, if it was not closed.</summary>
    private async Task LoadLogAsync(SuperblockReader reader, CancellationToken cancellationToken)
    {
        ulong[] dirty = new ulong[_layout.LogBlocks * LogBlock.WordsPerBlock];
        for (int block = 0; block < _layout.LogBlocks; block++)
        {
            Memory<ulong> bits = dirty.AsMemory(block * LogBlock.WordsPerBlock, LogBlock.WordsPerBlock);
            bool isKnown = false;
            foreach (MirrorLeg leg in _legs)
            {
                if (leg.IsInSync)
                    isKnown |= await reader.TryAddLogAsync(leg.Device!, Id, _layout, block, bits, cancellationToken).ConfigureAwait(false);
            }

            if (!isKnown)
                bits.Span.Fill(ulong.MaxValue);
        }

        // Bits behind the last region mean nothing.
        for (int region = _layout.Regions; region < dirty.Length * 64; region++)
            dirty[region / 64] &= ~(1UL << region % 64);
        lock (Gate)
        {
            Log.Load(dirty);
            if (_legs.Count(static leg => leg.IsInSync) < 2)
                return;
            for (int region = 0; region < _layout.Regions; region++)
            {
                if (Log.IsDirty(region))
                    _unsynced.Add(region);
            }
        }
    }

    /// <summary>Records that the mirror is in use, with the legs that it has: from now on no leg can be used without the others and not be found out.</summary>
    private async Task StartAsync(bool isNew, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        bool isRecorded = false;
        try
        {
            if (isNew && !_layout.IsInMemory)
                await WriteNewSuperblocksAsync().ConfigureAwait(false);
            Task<bool> recorded;
            lock (Gate)
            {
                Changes++;
                Log.ChangeAll();
                recorded = _metadata.CommitAsync();
            }

            isRecorded = await recorded.ConfigureAwait(false);
            if (!isRecorded)
                throw new MirrorException(MirrorRefusal.Failed, $"The metadata of mirror {Id} could be written to no leg: {string.Join(", ", Legs)}.");
            StartCleaning();
        }
        finally
        {
            if (!isRecorded)
            {
                await _legChanges.EndAsync().ConfigureAwait(false);
                _metadata.Dispose();
            }
        }
    }

    /// <summary>Old superblocks go, and legs that are out of sync get theirs: they get no other before they are resynchronized.</summary>
    private async Task WriteNewSuperblocksAsync()
    {
        foreach (MirrorLeg leg in _legs)
            await WriteNewSuperblockAsync(leg, Entries(), Changes).ConfigureAwait(false);
    }

    private async Task WriteNewSuperblockAsync(MirrorLeg leg, SuperblockEntry[] entries, long change)
    {
        using IoMemory memory = IoMemory.Allocate(MirrorLayout.Superblocks * MirrorLayout.BlockBytes);
        int slot = (int)(change % MirrorLayout.Superblocks);
        SuperblockOf(leg, entries, change).Write(memory.GetSpan().Slice(slot * MirrorLayout.BlockBytes, MirrorLayout.BlockBytes));
        IoRegion region = new(leg.Device!, MirrorLayout.SuperblockSector(leg.Device!.SectorCount, 0), MirrorLayout.Superblocks * MirrorLayout.BlockSectors);
        IoResult result = await Client.WriteAsync(region, memory, IoFlags.Fua).ConfigureAwait(false);
        if (!result.IsSuccess)
            throw new MirrorException(MirrorRefusal.Failed, $"The metadata could not be written to {leg.Device.Path}: {result.First}. Take another device.");
    }
}
