namespace DmIoUring.Rings;

/// <summary>What trying a ring on this host has shown.</summary>
/// <param name="Capabilities">What the host has.</param>
/// <param name="Commands">Whether there are rings for the commands of NVMe namespaces.</param>
/// <param name="Operations">Which operations its rings know, by their code.</param>
/// <param name="FileTableAnswer">0, or the negated errno that speaks against registered files.</param>
internal sealed record HostRings(IoCapabilities Capabilities, IoFeature Commands, bool[] Operations, int FileTableAnswer);
