namespace DmIoUring.CommandTests.Native;

/// <summary>Tests of the engine for fio, which is built once for all.</summary>
[CollectionDefinition(nameof(FioCollection))]
public sealed class FioCollection : ICollectionFixture<FioEngine>;
