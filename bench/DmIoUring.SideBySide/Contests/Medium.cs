namespace DmIoUring.SideBySide.Contests;

/// <summary>What is measured on.</summary>
internal enum Medium
{
    None,
    Zram,
    LoopOnTmpfs,
    LoopOnFile,

    /// <summary>Three loop devices over tmpfs, for writes of three legs.</summary>
    ThreeLegs,

    /// <summary>The first of those.</summary>
    FirstLeg,

    /// <summary>The block device with FUA that the user named; nothing that can be made here has it.</summary>
    Fua,
}
