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
            throw TooSmall(devices.MinBy(static device => device.SectorCount)!, MirrorLayout.BlockSectors, new MirrorLayout(MirrorLayout.BlockSectors, create.RegionSectorsFor(1), create.Checksums));
        MirrorLayout layout = new(sectors, create.RegionSectorsFor(sectors), create.Checksums, create.LogInMemory);
        if (sectors / layout.RegionSectors >= MirrorLayout.MaxRegions)
        {
            throw new ArgumentException(
                FormattableString.Invariant($"{sectors} sectors in regions of {layout.RegionSectors} are more than {MirrorLayout.MaxRegions} regions: make RegionSectors larger."), nameof(create));
        }

        if (layout.HasChecksums && sectors > MirrorCreateOptions.MaxChecksummedSectors)
        {
            throw new ArgumentException(
                FormattableString.Invariant($"{sectors} sectors are more than a mirror with checksums has, {MirrorCreateOptions.MaxChecksummedSectors} (4 TiB): set Sectors, or leave Checksums out."), nameof(create));
        }

        foreach (BlockDevice device in devices)
        {
            if (!layout.FitsOn(device.SectorCount))
                throw TooSmall(device, sectors, layout);
        }

        // What a device that is no leg on the medium had at its end before is data, and is overwritten as such.
        SuperblockReader reader = new(client);
        List<BlockDevice> used = [];
        foreach (BlockDevice device in devices)
        {
            if (await reader.FindAsync(device, cancellationToken).ConfigureAwait(false) is not { } found)
                continue;
            used.Add(device);
            if (!create.Overwrite)
            {
                throw new MirrorException(
                    MirrorRefusal.InUse, $"{found} belongs to mirror {found.Superblock.Mirror}. Open that, or set Overwrite: its metadata is lost then.");
            }
        }

        // Nothing else would write over it, and the mirror that it was would be found again, with other data.
        if (create.LogInMemory)
        {
            foreach (BlockDevice device in used)
                await WriteSuperblocksAsync(client, device, static _ => { }).ConfigureAwait(false);
        }

        SuperblockEntry[] entries = [.. devices.Select((_, index) => new SuperblockEntry(
            Guid.NewGuid(), create.AssumeEqual || index == 0 ? RecordedState.InSync : RecordedState.LacksAll, default, default))];
        MirrorLeg[] made = [.. entries.Select((entry, index) => new MirrorLeg(index, entry, devices[index]))];
        MirrorDevice mirror = new(client, Guid.NewGuid(), layout, made, changes: 0, recorded: default, options ?? new MirrorOptions());
        await mirror.StartAsync(mirror.WriteNewSuperblocksAsync, cancellationToken).ConfigureAwait(false);
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

        // Numbers go up, also where the trusted half has seen fewer.
        Superblock best = assembly.Authority;
        MirrorLeg[] made = [.. assembly.Entries.Select((entry, index) => new MirrorLeg(index, AtOpen(entry, assembly.Legs[index], best), assembly.Legs[index]?.Device))];
        MirrorDevice mirror = new(client, best.Mirror, best.Layout, made, found.Max(static leg => leg.Superblock.Changes), best.Change, options ?? new MirrorOptions())
        {
            AreChecksumsWhole = best.AreChecksumsWhole,
        };
        await mirror.StartAsync(
            async () =>
            {
                await mirror.FinishChangeAsync(assembly).ConfigureAwait(false);
                await mirror.LoadLogAsync(reader, cancellationToken).ConfigureAwait(false);
                await mirror.LoadChecksumsAsync(cancellationToken).ConfigureAwait(false);
            },
            cancellationToken).ConfigureAwait(false);
        return mirror;
    }

    /// <summary>A leg in sync that is missing lacks what is written from now on; it has the newest change, or the one before.</summary>
    private static SuperblockEntry AtOpen(SuperblockEntry entry, FoundLeg? leg, Superblock best) =>
        leg is not null ? entry with { Last = leg.Superblock.Change, Confirmed = leg.Superblock.Change }
        : entry.IsInSync ? entry with { Last = best.Change, Confirmed = best.Previous }
        : entry;

    /// <summary>
    /// A change that was interrupted is on some of the legs in sync: the others get it, as it was, so that none is more than one behind when the next is interrupted too. One that
    /// fails here fails again soon, and is taken out then.
    /// </summary>
    private async Task FinishChangeAsync(MirrorAssembly assembly)
    {
        Superblock best = assembly.Authority;
        foreach (MirrorLeg leg in _legs)
        {
            if (leg.IsInSync && leg.Last != best.Change)
            {
                Superblock finished = SuperblockOf(leg, best.Entries, best.Change, best.Previous);
                await WriteSuperblocksAsync(Client, leg.Device!, finished.Write).ConfigureAwait(false);
            }
        }
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

    internal static MirrorException TooSmall(BlockDevice device, long sectors, MirrorLayout layout) => new(MirrorRefusal.Unsuitable, string.Create(
        CultureInfo.InvariantCulture,
        $"{device.Path} has {device.SectorCount} sectors; {sectors} of data and {layout.MetadataSectors} of metadata do not fit. Give a larger device, or make the mirror smaller."));

    /// <summary>What was dirty when the mirror was last written may differ between the legs, if it was not closed.</summary>
    private async Task LoadLogAsync(SuperblockReader reader, CancellationToken cancellationToken)
    {
        IEnumerable<BlockDevice> inSync = _legs.Where(static leg => leg.IsInSync).Select(static leg => leg.Device!);
        ulong[] dirty = await reader.ReadLogAsync(inSync, Id, _layout, cancellationToken).ConfigureAwait(false);
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

    /// <summary>
    /// Records that the mirror is in use, with the legs that it has: from now on no leg can be used without the others and not be found out.
    /// </summary>
    private async Task StartAsync(Func<Task> prepare, CancellationToken cancellationToken)
    {
        bool isRecorded = false;
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            await prepare().ConfigureAwait(false);
            Log.ChangeAll();
            if (!await ChangeTwiceAsync().ConfigureAwait(false))
                throw new MirrorException(MirrorRefusal.Failed, $"The metadata of mirror {Id} could be written to no leg: {string.Join(", ", Legs)}.");
            isRecorded = true;
            StartCleaning();
        }
        finally
        {
            if (!isRecorded)
                await EndUseAsync().ConfigureAwait(false);
        }
    }

    /// <summary>A copy of a leg that was made before is more than one change behind from then on, and so is told from a leg whose change was interrupted.</summary>
    private async Task<bool> ChangeTwiceAsync()
    {
        for (int change = 0; change < 2; change++)
        {
            Task<bool> recorded;
            lock (Gate)
            {
                Changes++;
                recorded = _metadata.CommitAsync();
            }

            if (!await recorded.ConfigureAwait(false))
                return false;
        }

        return true;
    }

    /// <summary>Old superblocks go, and legs that are out of sync get theirs: they get no other before they are resynchronized.</summary>
    private async Task WriteNewSuperblocksAsync()
    {
        if (_layout.IsInMemory)
            return;
        foreach (MirrorLeg leg in _legs)
            await WriteNewSuperblockAsync(leg, Entries(), RecordedChange, RecordedChange).ConfigureAwait(false);
    }

    private async Task WriteNewSuperblockAsync(MirrorLeg leg, SuperblockEntry[] entries, ChangeStamp change, ChangeStamp previous)
    {
        IoResult result = await WriteSuperblocksAsync(Client, leg.Device!, SuperblockOf(leg, entries, change, previous).Write).ConfigureAwait(false);
        if (!result.IsSuccess)
            throw new MirrorException(MirrorRefusal.Failed, $"The metadata could not be written to {leg.Device!.Path}: {result.First}. Take another device.");
    }

    /// <summary>Both, one after the other.</summary>
    private static async Task<IoResult> WriteSuperblocksAsync(DmIoClient client, BlockDevice device, SpanAction fill)
    {
        using IoMemory memory = IoMemory.Allocate(MirrorLayout.BlockBytes);
        fill(memory.GetSpan());
        IoResult result = default;
        for (int slot = 0; slot < MirrorLayout.Superblocks && result.IsSuccess; slot++)
        {
            IoRegion region = new(device, MirrorLayout.SuperblockSector(device.SectorCount, slot), MirrorLayout.BlockSectors);
            result = await client.WriteAsync(region, memory, IoFlags.Fua).ConfigureAwait(false);
        }

        return result;
    }

    private delegate void SpanAction(Span<byte> block);
}
