namespace DmIoUring.ServiceTests.Copying;

/// <summary>Tests that measure the process: nothing else runs meanwhile.</summary>
[CollectionDefinition(nameof(AloneCollection), DisableParallelization = true)]
public sealed class AloneCollection;
