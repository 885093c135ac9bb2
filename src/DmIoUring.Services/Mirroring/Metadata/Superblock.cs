using System.Buffers.Binary;

namespace DmIoUring.Services.Mirroring.Metadata;

/// <summary>
/// What a leg knows about its mirror. 4,096 bytes, little-endian: magic "DMIOMIRR" (0), version 1 (8), CRC-32C of the block (12), the mirror's id (16), the number and the
/// session of the newest change (32), those of the change before that (48), sectors of data (64), sectors of a region (72), the number of legs (80), which of them this is (84),
/// what else it has (88: <see cref="MirrorFeatures"/>);
/// from 128 on 56 bytes a leg: its id, its state (16: <see cref="RecordedState"/>), the newest change that its own superblock can have (24), and the newest that it has for sure (40).
/// </summary>
internal sealed class Superblock
{
    public const uint Version = 1;

    private const ulong Magic = 0x5252494D4F494D44;
    private const int VersionAt = 8;
    private const int ChecksumAt = 12;
    private const int MirrorAt = 16;
    private const int ChangeAt = 32;
    private const int PreviousAt = ChangeAt + ChangeStamp.Bytes;
    private const int SectorsAt = 64;
    private const int RegionSectorsAt = 72;
    private const int LegCountAt = 80;
    private const int LegAt = 84;
    private const int FeaturesAt = 88;
    private const int EntriesAt = 128;
    private const int EntryBytes = 56;
    private const int EntryStateAt = 16;
    private const int EntryLastAt = 24;
    private const int EntryConfirmedAt = EntryLastAt + ChangeStamp.Bytes;

    public required Guid Mirror { get; init; }

    /// <summary>The newest change of the mirror's legs. The leg with the highest number knows best.</summary>
    public required ChangeStamp Change { get; init; }

    /// <summary>The change before, which every leg that was in sync has.</summary>
    public required ChangeStamp Previous { get; init; }

    public long Changes => Change.Number;

    public required MirrorLayout Layout { get; init; }

    /// <summary>Which of the legs this is.</summary>
    public required int Leg { get; init; }

    public required SuperblockEntry[] Entries { get; init; }

    /// <summary>Whether the checksums on the legs hold for the regions that the log says are dirty too, as they do when the mirror was closed.</summary>
    public bool AreChecksumsWhole { get; init; }

    public void Write(Span<byte> block)
    {
        block.Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(block, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(block[VersionAt..], Version);
        Mirror.TryWriteBytes(block[MirrorAt..]);
        Write(block[ChangeAt..], Change);
        Write(block[PreviousAt..], Previous);
        BinaryPrimitives.WriteInt64LittleEndian(block[SectorsAt..], Layout.Sectors);
        BinaryPrimitives.WriteInt64LittleEndian(block[RegionSectorsAt..], Layout.RegionSectors);
        BinaryPrimitives.WriteInt32LittleEndian(block[LegCountAt..], Entries.Length);
        BinaryPrimitives.WriteInt32LittleEndian(block[LegAt..], Leg);
        BinaryPrimitives.WriteUInt32LittleEndian(block[FeaturesAt..], (uint)(
            (Layout.HasChecksums ? MirrorFeatures.Checksums : 0) | (AreChecksumsWhole ? MirrorFeatures.WholeChecksums : 0)));
        for (int leg = 0; leg < Entries.Length; leg++)
        {
            Span<byte> entry = block.Slice(EntriesAt + leg * EntryBytes, EntryBytes);
            Entries[leg].Id.TryWriteBytes(entry);
            entry[EntryStateAt] = (byte)Entries[leg].State;
            Write(entry[EntryLastAt..], Entries[leg].Last);
            Write(entry[EntryConfirmedAt..], Entries[leg].Confirmed);
        }

        Checksum.Seal(block, ChecksumAt);
    }

    /// <summary>The superblock, or why it is none. A block with a right checksum was written by this code or by a later version of it.</summary>
    public static Superblock? TryRead(ReadOnlySpan<byte> block, out string why)
    {
        why = "";
        if (BinaryPrimitives.ReadUInt64LittleEndian(block) != Magic)
            why = "has no mirror's magic number";
        else if (!Checksum.IsSealed(block, ChecksumAt))
            why = "has a wrong checksum";
        else if (BinaryPrimitives.ReadUInt32LittleEndian(block[VersionAt..]) is not Version and var version)
            why = FormattableString.Invariant($"has version {version}, and this library knows version {Version}");
        else if (((MirrorFeatures)BinaryPrimitives.ReadUInt32LittleEndian(block[FeaturesAt..]) & ~MirrorFeatures.All) is not 0 and var unknown)
            why = FormattableString.Invariant($"has features 0x{(uint)unknown:x}, which this library does not know");
        if (why.Length > 0)
            return null;

        int count = BinaryPrimitives.ReadInt32LittleEndian(block[LegCountAt..]);
        int leg = BinaryPrimitives.ReadInt32LittleEndian(block[LegAt..]);
        long sectors = BinaryPrimitives.ReadInt64LittleEndian(block[SectorsAt..]);
        long regionSectors = BinaryPrimitives.ReadInt64LittleEndian(block[RegionSectorsAt..]);
        MirrorFeatures features = (MirrorFeatures)BinaryPrimitives.ReadUInt32LittleEndian(block[FeaturesAt..]);
        bool hasChecksums = features.HasFlag(MirrorFeatures.Checksums);
        if (count is < 2 or > IoRegion.MaxRegions || leg < 0 || leg >= count || sectors <= 0 || !long.IsPow2(regionSectors)
            || regionSectors is < MirrorCreateOptions.MinRegionSectors or > MirrorCreateOptions.MaxRegionSectors
            || sectors / regionSectors >= MirrorLayout.MaxRegions || hasChecksums && sectors > MirrorCreateOptions.MaxChecksummedSectors)
        {
            why = FormattableString.Invariant($"says leg {leg} of {count}, {sectors} sectors in regions of {regionSectors}, which can't be");
            return null;
        }

        SuperblockEntry[] entries = new SuperblockEntry[count];
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> entry = block.Slice(EntriesAt + i * EntryBytes, EntryBytes);
            RecordedState state = (RecordedState)entry[EntryStateAt];
            if (state is not (RecordedState.InSync or RecordedState.LacksLogged or RecordedState.LacksAll))
            {
                why = FormattableString.Invariant($"says state {(byte)state} of leg {i}, which is none");
                return null;
            }

            entries[i] = new SuperblockEntry(new Guid(entry[..EntryStateAt]), state, Read(entry[EntryLastAt..]), Read(entry[EntryConfirmedAt..]));
        }

        return new Superblock
        {
            Mirror = new Guid(block.Slice(MirrorAt, 16)),
            Change = Read(block[ChangeAt..]),
            Previous = Read(block[PreviousAt..]),
            Layout = new MirrorLayout(sectors, regionSectors, hasChecksums),
            Leg = leg,
            Entries = entries,
            AreChecksumsWhole = features.HasFlag(MirrorFeatures.WholeChecksums),
        };
    }

    private static void Write(Span<byte> bytes, ChangeStamp stamp)
    {
        BinaryPrimitives.WriteInt64LittleEndian(bytes, stamp.Number);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[sizeof(long)..], stamp.Session);
    }

    private static ChangeStamp Read(ReadOnlySpan<byte> bytes) =>
        new(BinaryPrimitives.ReadInt64LittleEndian(bytes), BinaryPrimitives.ReadUInt64LittleEndian(bytes[sizeof(long)..]));
}
