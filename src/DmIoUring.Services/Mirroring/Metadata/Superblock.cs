using System.Buffers.Binary;

namespace DmIoUring.Services.Mirroring.Metadata;

/// <summary>
/// What a leg knows about its mirror. 4,096 bytes, little-endian: magic "DMIOMIRR" (0), version 1 (8), CRC-32C of the block (12), the mirror's id (16), the number of
/// changes so far (32), sectors of data (40), sectors of a region (48), the number of legs (56), which of them this is (60); from 128 on 32 bytes a leg: its id, its state
/// (16: <see cref="RecordedState"/>), and the highest change that its own superblock can have if it is not in sync (24).
/// </summary>
internal sealed class Superblock
{
    public const uint Version = 1;

    private const ulong Magic = 0x5252494D4F494D44;
    private const int VersionAt = 8;
    private const int ChecksumAt = 12;
    private const int MirrorAt = 16;
    private const int ChangesAt = 32;
    private const int SectorsAt = 40;
    private const int RegionSectorsAt = 48;
    private const int LegCountAt = 56;
    private const int LegAt = 60;
    private const int EntriesAt = 128;
    private const int EntryBytes = 32;
    private const int EntryStateAt = 16;
    private const int EntryLastChangeAt = 24;

    public required Guid Mirror { get; init; }

    /// <summary>Counts the changes of the mirror's legs. The leg with the highest number knows best.</summary>
    public required long Changes { get; init; }

    public required MirrorLayout Layout { get; init; }

    /// <summary>Which of the legs this is.</summary>
    public required int Leg { get; init; }

    public required SuperblockEntry[] Entries { get; init; }

    public void Write(Span<byte> block)
    {
        block.Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(block, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(block[VersionAt..], Version);
        Mirror.TryWriteBytes(block[MirrorAt..]);
        BinaryPrimitives.WriteInt64LittleEndian(block[ChangesAt..], Changes);
        BinaryPrimitives.WriteInt64LittleEndian(block[SectorsAt..], Layout.Sectors);
        BinaryPrimitives.WriteInt64LittleEndian(block[RegionSectorsAt..], Layout.RegionSectors);
        BinaryPrimitives.WriteInt32LittleEndian(block[LegCountAt..], Entries.Length);
        BinaryPrimitives.WriteInt32LittleEndian(block[LegAt..], Leg);
        for (int leg = 0; leg < Entries.Length; leg++)
        {
            Span<byte> entry = block.Slice(EntriesAt + leg * EntryBytes, EntryBytes);
            Entries[leg].Id.TryWriteBytes(entry);
            entry[EntryStateAt] = (byte)Entries[leg].State;
            BinaryPrimitives.WriteInt64LittleEndian(entry[EntryLastChangeAt..], Entries[leg].LastChange);
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
        if (why.Length > 0)
            return null;

        int count = BinaryPrimitives.ReadInt32LittleEndian(block[LegCountAt..]);
        int leg = BinaryPrimitives.ReadInt32LittleEndian(block[LegAt..]);
        long sectors = BinaryPrimitives.ReadInt64LittleEndian(block[SectorsAt..]);
        long regionSectors = BinaryPrimitives.ReadInt64LittleEndian(block[RegionSectorsAt..]);
        if (count is < 2 or > IoRegion.MaxRegions || leg < 0 || leg >= count || sectors <= 0 || !long.IsPow2(regionSectors)
            || regionSectors is < MirrorCreateOptions.LeastRegionSectors or > MirrorCreateOptions.MostRegionSectors
            || sectors / regionSectors >= int.MaxValue)
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

            entries[i] = new SuperblockEntry(new Guid(entry[..EntryStateAt]), state, BinaryPrimitives.ReadInt64LittleEndian(entry[EntryLastChangeAt..]));
        }

        return new Superblock
        {
            Mirror = new Guid(block.Slice(MirrorAt, 16)),
            Changes = BinaryPrimitives.ReadInt64LittleEndian(block[ChangesAt..]),
            Layout = new MirrorLayout(sectors, regionSectors),
            Leg = leg,
            Entries = entries,
        };
    }
}
